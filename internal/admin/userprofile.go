package admin

import (
	"net/http"

	"latchkey"
	"latchkey/internal/profile"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

func (d *Door) profileRoutes() []route {
	return []route{
		{method: "GET", path: "/users/profile", act: d.profile, summary: "Read the realm's user profile", gives: representation.Profile{}},
		{method: "PUT", path: "/users/profile", may: mayManageRealm, act: d.updateProfile, summary: "Replace the realm's user profile",
			body: representation.Profile{}, gives: representation.Profile{}},
		{method: "GET", path: "/users/profile/metadata", act: d.profileMetadata,
			summary: "Read what a form for a new user is drawn from", gives: representation.ProfileMetadata{}},
		{method: "GET", path: "/users/{id}/unmanagedAttributes", may: mayQueryUsers, act: d.unmanagedAttributes,
			summary: "Read a user's attributes that the profile does not name", gives: map[string][]string{}},
	}
}

func (d *Door) profile(c *call) error {
	return c.answer(representation.ProfileOf(&c.snap.Realm.Profile))
}

func (d *Door) updateProfile(c *call) error {
	var body representation.Profile
	if err := c.read(&body); err != nil {
		return err
	}
	noun, err := profileNoun(&body)
	if err != nil {
		return err
	}
	err = c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.Realm
		changed.Profile = noun
		if err := tx.UpdateRealm(&changed); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "USER_PROFILE", "users/profile", body})
	})
	if err != nil {
		return err
	}
	return c.answer(representation.ProfileOf(&noun))
}

// profileNoun reads a user profile that an administrator sent. A rule that no
// value would be held against is refused: whoever wrote it counts on it.
func profileNoun(body *representation.Profile) (latchkey.UserProfile, error) {
	if body.Attributes == nil {
		return latchkey.UserProfile{}, latchkey.Invalid("attributes", "UserProfile configuration without 'attributes' section is not allowed")
	}
	noun, err := body.Noun()
	if err != nil {
		return noun, err
	}
	if err := representation.Join(profile.Odd(&noun)...); err != nil {
		return noun, err
	}
	for _, rule := range profile.UnknownRules(&noun) {
		return noun, latchkey.Invalid("attributes", "The user profile has a rule that Latchkey does not know: %s.", rule)
	}
	return noun, nil
}

func (d *Door) profileMetadata(c *call) error {
	use := c.use(true)
	return c.answer(representation.ProfileMetadataOf(&c.snap.Realm.Profile, profile.Fields(use, nil)))
}

// metadata is what a form for the user is drawn from; nil for accounts of
// clients, for which no profile holds.
func (c *call) metadata(u *latchkey.User) *representation.ProfileMetadata {
	if u.ServiceAccountClientID != "" {
		return nil
	}
	return representation.ProfileMetadataOf(&c.snap.Realm.Profile, profile.Fields(c.use(false), profile.ValuesOf(u)))
}

func (d *Door) unmanagedAttributes(c *call) error {
	out := profile.Values{}
	err := c.view(func(tx *store.Tx) error {
		u, err := c.person(tx)
		if err != nil {
			return err
		}
		if err := c.need(mayViewUsers...); err != nil {
			return err
		}
		out = profile.Unmanaged(c.use(false), u.Attributes)
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// profileError is what a user has that the profile does not allow, in
// Keycloak's form: one fault by itself, several as a list. It is a
// [web.Responder].
type profileError []representation.ProfileFault

func (e profileError) Error() string { return "admin: " + e[0].Field + ": " + e[0].ErrorMessage }

// Unwrap tells the log what kind of error it is.
func (e profileError) Unwrap() error { return latchkey.Invalid(e[0].Field, "%s", e[0].ErrorMessage) }

// Respond answers with the faults.
func (e profileError) Respond(w http.ResponseWriter, _ *http.Request) {
	var body any = e[0]
	if len(e) > 1 {
		body = map[string]any{"errors": []representation.ProfileFault(e)}
	}
	_ = web.WriteJSON(w, http.StatusBadRequest, body) // strings always encode
}

// profileFaults shows faults. The first parameter is the attribute's name: it
// is for administrators, who know attributes by it.
func profileFaults(faults []profile.Fault) error {
	var out profileError
	for _, f := range faults {
		params := []any{f.Attribute}
		if len(f.Params) > 1 {
			params = append(params, f.Params[1:]...)
		}
		out = append(out, representation.ProfileFault{Field: f.Attribute, ErrorMessage: f.Message, Params: params})
	}
	return out
}
