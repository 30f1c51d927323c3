package browsertest_test

import (
	"encoding/json"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/representation"
)

// Every kind of field that a user profile can have.
func walkProfile(v *tour) {
	const own = `{"attributes": [
		{"name": "department", "displayName": "Department", "required": {"roles": ["user"]}, "validations": {"options": {"options": ["Engines", "Looms"]}}, "annotations": {"inputType": "select"}, "permissions": {"view": ["user"], "edit": ["user"]}},
		{"name": "about", "displayName": "About you", "annotations": {"inputType": "textarea", "inputHelperTextAfter": "Shown to the people you work with."}, "permissions": {"view": ["user"], "edit": ["user"]}},
		{"name": "language", "displayName": "Language of letters", "required": {"roles": ["user"]}, "group": "letters", "validations": {"options": {"options": ["English", "French"]}}, "annotations": {"inputType": "select-radiobuttons"}, "permissions": {"view": ["user"], "edit": ["user"]}},
		{"name": "topics", "displayName": "Topics", "multivalued": true, "group": "letters", "validations": {"options": {"options": ["News", "Offers"]}}, "annotations": {"inputType": "multiselect-checkboxes"}, "permissions": {"view": ["user"], "edit": ["user"]}},
		{"name": "phones", "displayName": "Telephone numbers", "multivalued": true, "group": "letters", "permissions": {"view": ["user"], "edit": ["user"]}},
		{"name": "born", "displayName": "Day of birth", "group": "letters", "validations": {"iso-date": {}}, "annotations": {"inputType": "html5-date", "inputHelperTextBefore": "Only to know your age."}, "permissions": {"view": ["user"], "edit": ["user"]}}],
		"groups": [{"name": "letters", "displayHeader": "Letters", "displayDescription": "How we write to you."}]}`
	var shape representation.Profile
	if err := json.Unmarshal([]byte(own), &shape); err != nil {
		v.t.Fatal(err)
	}
	profile, err := shape.Noun()
	if err != nil {
		v.t.Fatal(err)
	}
	v.realm(func(r *latchkey.Realm) { r.Profile = profile })
	v.s.AddUser("demo", ada, "", func(u *latchkey.User) { u.EmailVerified = true })
	p := v.open(browsertest.New(v.t), v.rp.URL())
	p.Goto(v.ask(p, ada).Link)
	p.See("Something is missing")
	p.Type("[name='phones~0']", "+44 20 7946 0000")
	p.Click("[name='topics~1']")
	p.Follow("main button.main")
	v.look(p, "profile-kinds", "Fill this in")
	if !browsertest.Eval[bool](p, `document.querySelector("[name='topics~1']").checked`) {
		v.t.Error("what was ticked is lost")
	}
	p.Click("[name=language][value=French]")
	browsertest.Eval[*string](p, `document.querySelector("#department").value = "Looms"; document.querySelector("#about").value = "I weave."; null`)
	p.Follow("main button.main")
	p.See("Application")
	u := v.account(ada)
	if u == nil || u.Attributes["language"][0] != "French" || u.Attributes["department"][0] != "Looms" || len(u.Attributes["phones"]) != 1 ||
		u.Attributes["topics"][0] != "Offers" || u.Attributes["about"][0] != "I weave." || len(u.RequiredActions) > 0 {
		v.t.Errorf("the account is %+v", u)
	}
}
