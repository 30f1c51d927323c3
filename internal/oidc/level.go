package oidc

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/flow"
)

// checkClaims takes over whom the claims parameter names. It and a hint of
// somebody else cannot both hold.
func checkClaims(a *authorization) *verdict {
	switch want := a.claims.subject; {
	case a.badClaims, want != "" && a.IDTokenHintSubject != "" && want != a.IDTokenHintSubject:
		return invalidParameter("claims")
	case want != "":
		a.IDTokenHintSubject = want
	}
	return nil
}

// checkLevel works out which level of authentication the request comes to
// (OpenID Connect Core 5.5.1.1). An essential acr, or the client's minimum,
// that the flow cannot reach ends here; what is only wished for is answered by
// what is reached.
func checkLevel(a *authorization) *verdict {
	levels := latchkey.LevelMap(a.snap.Realm, a.client)
	required, must := lowest(levels, a.claims.essential)
	if len(a.claims.essential) > 0 && !must {
		return unmet("The acr that is required is not known here")
	}
	a.ACRValues = a.wished()
	wanted, wish := lowest(levels, a.ACRValues)
	if minimum := a.client.Attribute(latchkey.AttributeMinimumACR); minimum != "" {
		least := latchkey.LevelOf(levels, minimum)
		if least < 0 {
			return unmet("The client's minimum acr is not known here")
		}
		required, must = max(required, least), true
	}
	if must {
		if required > flow.HighestLevel(a.snap, a.snap.BrowserFlow(a.client).ID) {
			return unmet("The sign-in cannot reach the acr that is required")
		}
		a.RequiredLevel = &required
		wanted, wish = max(wanted, required), true
	}
	if wish {
		a.Level = &wanted
	}
	return nil
}

// wished are the acr values that the request names, the strictest way of
// naming them first, else the client's default ones.
func (a *authorization) wished() []string {
	for _, list := range [][]string{a.claims.essential, a.claims.voluntary, a.ACRValues} {
		if len(list) > 0 {
			return list
		}
	}
	return strings.FieldsFunc(a.client.Attribute(latchkey.AttributeDefaultACR), func(r rune) bool { return r == '#' })
}

// lowest is the lowest level that one of the values names: any of them is as
// good to who asked.
func lowest(levels map[string]int, acr []string) (level int, ok bool) {
	var all []int
	for _, name := range acr {
		if n := latchkey.LevelOf(levels, name); n >= 0 {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	return slices.Min(all), true
}

func unmet(description string) *verdict {
	return &verdict{code: flow.CodeUnmet, description: description, event: flow.CodeUnmet}
}

// acrOf names what the login amounts to in the words of the application.
func acrOf(snap *latchkey.Snapshot, client *latchkey.Client, l *latchkey.Login) string {
	return latchkey.ACRName(latchkey.LevelMap(snap.Realm, client), l.Request.ACRValues, l.Level())
}

// acrValues are the names that the realm has for levels of authentication,
// lowest first; without a map, those of a sign-in.
func acrValues(snap *latchkey.Snapshot) []string {
	levels := latchkey.LevelMap(snap.Realm, &latchkey.Client{})
	if len(levels) == 0 {
		return []string{"0", "1"}
	}
	return slices.SortedFunc(maps.Keys(levels), func(a, b string) int {
		return cmp.Or(cmp.Compare(levels[a], levels[b]), cmp.Compare(a, b))
	})
}
