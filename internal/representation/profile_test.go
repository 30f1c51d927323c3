package representation

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/profile"
)

// A profile that is shown, read, kept and shown again is the same text.
func TestProfile(t *testing.T) {
	files, err := filepath.Glob("testdata/profile*.json")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d profiles: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rep Profile
		if unknown, err := Decode(text, &rep); err != nil || len(unknown) > 0 {
			t.Fatalf("%s: %v, unknown %v", file, err, unknown)
		}
		noun, err := rep.Noun()
		if err != nil {
			t.Fatal(err)
		}
		kept, err := json.Marshal(noun)
		if err != nil {
			t.Fatal(err)
		}
		var loaded latchkey.UserProfile
		if err := json.Unmarshal(kept, &loaded); err != nil {
			t.Fatal(err)
		}
		if again := mustJSON(t, ProfileOf(&loaded)); !sameJSON(t, []byte(again), text) {
			t.Errorf("%s comes back as %s", file, again)
		}
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	for text, into := range map[*[]byte]*any{&a: &x, &b: &y} {
		d := json.NewDecoder(bytes.NewReader(*text))
		d.UseNumber()
		if err := d.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return reflect.DeepEqual(x, y)
}

// The profile of a new realm, and what forms are drawn from, are Keycloak's,
// as they were recorded; first and last name are optional there too.
func TestProfileAsRecorded(t *testing.T) {
	r := &latchkey.Realm{Profile: latchkey.DefaultUserProfile()}
	recorded, err := os.ReadFile("testdata/profile-recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := mustJSON(t, ProfileOf(&r.Profile)); !sameJSON(t, []byte(got), recorded) {
		t.Errorf("the profile is %s", got)
	}
	metadata, err := os.ReadFile("testdata/metadata-recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, isNew := range []bool{true, false} {
		want := metadata
		if !isNew { // the username of somebody who is there is not changed
			want = []byte(strings.Replace(string(metadata), `"readOnly": false`, `"readOnly": true`, 1))
		}
		fields := profile.Fields(profile.Use{Realm: r, Role: latchkey.ProfileAdmin, New: isNew}, nil)
		if got := mustJSON(t, ProfileMetadataOf(&r.Profile, fields)); !sameJSON(t, []byte(got), want) {
			t.Errorf("new %v: the metadata is %s", isNew, got)
		}
	}
}

func TestProfileRefused(t *testing.T) {
	for text, field := range map[string]string{
		`{"attributes": [{}]}`: "attributes", `{"attributes": [{"name": "a"}, {"name": "a"}]}`: "attributes",
		`{"attributes": [{"name": "a", "group": "g"}]}`: "attributes", `{"attributes": [], "groups": [{}]}`: "groups",
		`{"attributes": [], "groups": [{"name": "g"}, {"name": "g"}]}`: "groups",
		`{"attributes": [], "unmanagedAttributePolicy": "x"}`:          "unmanagedAttributePolicy",
	} {
		var rep Profile
		if _, err := Decode([]byte(text), &rep); err != nil {
			t.Fatal(err)
		}
		_, err := rep.Noun()
		var e *latchkey.Error
		if latchkey.ErrorCode(err) != latchkey.CodeInvalid || !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", text, err)
		}
	}
	// Username and e-mail are there whatever the profile says.
	got, err := (&Profile{Attributes: []ProfileAttribute{{Name: "team"}}}).Noun()
	if err != nil || len(got.Attributes) != 3 || got.Attributes[0].Name != "username" || got.Attributes[1].Name != "email" {
		t.Errorf("profile %+v, %v", got, err)
	}
}
