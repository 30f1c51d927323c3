package console

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"latchkey"
)

func policyRows() []row {
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "authentication/policies", handle: func(v *visit) error { return v.to("authentication", "policies", "password") }}},
		passwordPolicy.rows(), otpPolicy.rows(),
	)
}

// policyTop is what stands above the policies: they are tabs of a tab.
func policyTop(current string) func(*visit, map[string]any) top {
	return func(v *visit, _ map[string]any) top {
		t := authenticationTop(v, "policies")
		t.Intro = "console.policy." + current + ".intro"
		for _, name := range []string{"password", "otp"} {
			t.Tabs = append(t.Tabs, tab{"console.policy." + name, v.path("authentication", "policies", name), name == current})
		}
		return t
	}
}

// policyKind is a rule for passwords that there can be.
type policyKind struct {
	ID       string `json:"id"`
	Name     string `json:"displayName"`
	Config   string `json:"configType"`
	Fallback string `json:"defaultValue"`
}

// passwordPolicy are the rules for passwords: one text of the realm, in
// Keycloak's form "length(8) and digits(1)". Rules that are not offered here
// stay in it.
var passwordPolicy = form{
	path: "authentication/policies/password", menu: "authentication", prefix: "console.policy", may: mayFlows,
	top: policyTop("password"),
	load: func(v *visit) (map[string]any, error) {
		var info struct {
			Kinds []policyKind `json:"passwordPolicies"`
		}
		if err := v.Call(http.MethodGet, "/serverinfo", nil, &info); err != nil {
			return nil, err
		}
		v.prepared = info.Kinds
		var realm map[string]any
		if err := v.api(http.MethodGet, "", nil, &realm); err != nil {
			return nil, err
		}
		return map[string]any{"policy": parsePolicy(text(realm["passwordPolicy"]))}, nil
	},
	sections: func(v *visit, _ map[string]any) []section {
		kinds, _ := v.prepared.([]policyKind)
		var list []setting
		for _, k := range kinds {
			s := setting{At: "policy/" + k.ID, Label: "console.policy.password." + k.ID, Kind: kindFlag}
			switch k.Config {
			case "int":
				s.Kind, s.AsText, s.Least, s.Most = kindNumber, true, 0, 1000
				if k.ID == "passwordHistory" {
					s.Most = latchkey.MaxPasswordHistory
				}
			case "String":
				s.Kind, s.LTR = kindText, true
			}
			list = append(list, s)
		}
		return []section{{Settings: list}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		rules, _ := rep["policy"].(map[string]any)
		err := v.api(http.MethodPut, "", map[string]any{"passwordPolicy": formatPolicy(rules)}, nil)
		return sent{address: v.R.URL.Path, notice: "saved"}, err
	},
}

var policyRule = regexp.MustCompile(`^([A-Za-z]+)(?:\((.*)\))?$`)

// parsePolicy reads "length(8) and notUsername"; a rule without a value is true.
func parsePolicy(policy string) map[string]any {
	out := map[string]any{}
	for rule := range strings.SplitSeq(policy, " and ") {
		if m := policyRule.FindStringSubmatch(strings.TrimSpace(rule)); m != nil {
			out[m[1]] = m[2]
			if m[2] == "" || m[2] == "undefined" {
				out[m[1]] = true
			}
		}
	}
	return out
}

// formatPolicy writes the rules that are switched on, in order.
func formatPolicy(rules map[string]any) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		switch value := rules[name].(type) {
		case bool:
			if value {
				list = append(list, name+"(undefined)")
			}
		case string:
			if value != "" && value != "0" {
				list = append(list, name+"("+value+")")
			}
		}
	}
	return strings.Join(list, " and ")
}

// otpPolicy are the rules for one-time passwords.
var otpPolicy = form{
	path: "authentication/policies/otp", menu: "authentication", prefix: "console.policy", may: mayFlows,
	top: policyTop("otp"),
	api: func(*visit) string { return "" },
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "otpPolicyType", Kind: kindChoice, Options: choices("console.policy.otp.", "totp", "hotp"), Fallback: "totp"},
			{At: "otpPolicyAlgorithm", Kind: kindChoice, Options: []option{{"HmacSHA1", "SHA1"}, {"HmacSHA256", "SHA256"}, {"HmacSHA512", "SHA512"}}, Fallback: "HmacSHA1"},
			{At: "otpPolicyDigits", Kind: kindChoice, Options: plainChoices("6", "8"), Fallback: "6"},
			{At: "otpPolicyLookAheadWindow", Kind: kindNumber, Least: 0, Most: 10},
			{At: "otpPolicyPeriod", Kind: kindDuration, Least: 1, Most: 3600},
			{At: "otpPolicyInitialCounter", Kind: kindNumber, Least: 0},
			{At: "otpPolicyCodeReusable", Kind: kindFlag},
		}}}
	},
}
