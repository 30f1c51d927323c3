package realm

import (
	"bytes"
	"slices"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/token"
)

// unbuiltSwitches are settings of a realm that switch on what is not here.
var unbuiltSwitches = []string{"organizationsEnabled", "adminPermissionsEnabled", "verifiableCredentialsEnabled", "scimApiEnabled"}

// ApplySettings changes a realm's settings by those that are given, and refuses
// what a realm cannot be: master disabled, a switch for what is not built, types
// of events that do not exist, tokens signed in a way that nobody can verify.
// Flows are looked up in the snapshot in. On error nothing is changed; it has
// the code "invalid" and names the field. The name is not touched here; see
// [Rename].
func ApplySettings(rep *representation.Realm, to *latchkey.Realm, in *latchkey.Snapshot) error {
	faults := []error{checkAlgorithm(rep), checkEventTypes(rep)}
	if to.Name == latchkey.MasterRealm && rep.Enabled != nil && !*rep.Enabled {
		faults = append(faults, latchkey.Invalid("enabled", "Master cannot be disabled: nobody could administer any realm."))
	}
	for _, name := range unbuiltSwitches {
		if given, is := rep.Kept[name]; is && isOn(given) && !bytes.Equal(given, to.Kept[name]) {
			faults = append(faults, latchkey.Invalid(name, "This cannot be switched on: %s.", reason(name)))
		}
	}
	changed := *to
	if err := representation.Join(append(faults, rep.Apply(&changed, in))...); err != nil {
		return err
	}
	*to = changed
	return nil
}

// isOn says whether a switch that was given is on; anything but false is.
func isOn(given []byte) bool {
	return !slices.Contains([]string{"false", `"false"`, `""`, "null"}, string(given))
}

// checkAlgorithm refuses to sign a realm's tokens with what is no signature, or
// with a secret that those who are to verify them do not have.
func checkAlgorithm(rep *representation.Realm) error {
	algorithm := representation.Value(rep.DefaultSignatureAlgorithm)
	if algorithm == "" {
		return nil
	}
	return token.CheckSignatureAlgorithm("defaultSignatureAlgorithm", algorithm)
}

// checkSigning refuses what a client's tokens cannot be signed with, unless the
// client had it before: an import takes it, and tokens are signed as the realm's
// are. before is nil where the client is new.
func checkSigning(rep *representation.Client, before *latchkey.Client) error {
	var faults []error
	for _, name := range token.SigningAttributes() {
		algorithm := rep.Attributes[name]
		if algorithm == "" || before != nil && before.Attribute(name) == algorithm {
			continue
		}
		faults = append(faults, token.CheckSignatureAlgorithm(representation.Path("attributes", name), algorithm))
	}
	return representation.Join(faults...)
}

// checkEventTypes refuses types of events that nobody records: a realm that
// names only such would record nothing.
func checkEventTypes(rep *representation.Realm) error {
	var faults []error
	for _, name := range rep.EnabledEventTypes {
		if !latchkey.IsEventType(name) {
			faults = append(faults, latchkey.Invalid("enabledEventTypes", "There is no type of event named %q.", printable(name)))
		}
	}
	return representation.Join(faults...)
}

// leaveOut takes those settings out of the file that no realm can have here and
// that a Keycloak may have written, and names them.
func (p *planner) leaveOut(file *representation.Realm) {
	for _, name := range unbuiltSwitches { // named with what is kept
		if isOn(file.Kept[name]) {
			delete(file.Kept, name) // a clone: see keptOfRealm
		}
	}
	algorithm := representation.Value(file.DefaultSignatureAlgorithm)
	if token.Symmetric(algorithm) {
		file.DefaultSignatureAlgorithm = nil
		p.report.value("defaultSignatureAlgorithm", NotTaken, algorithm, "only this server could verify such tokens: they are signed with RS256")
	}
	if file.EnabledEventTypes == nil {
		return
	}
	known := []string{}
	for _, name := range file.EnabledEventTypes {
		if latchkey.IsEventType(name) {
			known = append(known, name)
			continue
		}
		p.report.add("enabledEventTypes", NotTaken, "there is no such type of event", name)
	}
	file.EnabledEventTypes = known
}
