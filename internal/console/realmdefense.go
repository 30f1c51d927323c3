package console

import "net/http"

// How a realm slows those who guess: Keycloak's console has these in place of
// the settings that they stand for.
const (
	lockNever     = "disabled"
	lockForAWhile = "temporary"
	lockForGood   = "permanent"
	lockMixed     = "permanent-after-temporary"
)

func lockMode(rep map[string]any) string {
	waits, _ := rep["maxTemporaryLockouts"].(float64)
	switch {
	case rep["bruteForceProtected"] != true:
		return lockNever
	case rep["permanentLockout"] != true:
		return lockForAWhile
	case waits > 0:
		return lockMixed
	}
	return lockForGood
}

// modeField is where the form has the mode; the API has none.
const modeField = "bruteForceMode"

// defensesForm is what the realm does against those who guess.
func defensesForm() form {
	f := realmForm("security-defenses", defenseSettings)
	f.load = func(v *visit) (map[string]any, error) {
		var rep map[string]any
		err := v.api(http.MethodGet, "", nil, &rep)
		if err == nil {
			rep[modeField] = lockMode(rep)
		}
		return rep, err
	}
	f.send = func(v *visit, rep map[string]any) (sent, error) {
		mode := text(rep[modeField])
		delete(rep, modeField)
		rep["bruteForceProtected"] = mode != lockNever
		rep["permanentLockout"] = mode == lockForGood || mode == lockMixed
		if mode != lockMixed {
			rep["maxTemporaryLockouts"] = 0
		}
		return sent{address: v.R.URL.Path, notice: "saved"}, v.api(http.MethodPut, "", rep, nil)
	}
	return f
}

func defenseSettings(*visit, map[string]any) []section {
	const (
		locks = modeField + "=" + lockForAWhile + "|" + lockForGood + "|" + lockMixed
		waits = modeField + "=" + lockForAWhile + "|" + lockMixed
	)
	return []section{
		{Title: "console.realm.defenses.guessing", Settings: []setting{
			{At: modeField, Kind: kindChoice, Options: choices("console.realm.bruteForceMode.", lockNever, lockForAWhile, lockForGood, lockMixed)},
			{At: "failureFactor", Kind: kindNumber, Least: 1, When: locks},
			{At: "maxTemporaryLockouts", Kind: kindNumber, When: modeField + "=" + lockMixed},
			{At: "bruteForceStrategy", Kind: kindChoice, Options: choices("console.realm.bruteForceStrategy.", "MULTIPLE", "LINEAR"), When: waits},
			{At: "waitIncrementSeconds", Kind: kindDuration, When: waits},
			{At: "maxFailureWaitSeconds", Kind: kindDuration, When: waits},
			{At: "maxDeltaTimeSeconds", Kind: kindDuration, When: waits},
			{At: "quickLoginCheckMilliSeconds", Kind: kindNumber, When: waits},
			{At: "minimumQuickLoginWaitSeconds", Kind: kindDuration, When: waits},
		}},
		{Title: "console.realm.defenses.cookies", Settings: []setting{{At: "attributes/latchkey.cookies.cross-site", Kind: kindFlag}}},
	}
}
