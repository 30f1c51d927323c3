package console

import (
	"slices"
	"strconv"
	"strings"

	"latchkey"
)

// flowSentence says what a person will meet in a flow: one short sentence a
// clause.
type flowSentence []clause

// nobody says that the sentence says that nobody gets through.
func (s flowSentence) nobody() bool { return len(s) == 1 && s[0].Key == "console.meets.nothing" }

// clause is a key with its arguments.
type clause struct {
	Key  string
	Args []any
}

// meets are the keys of what people meet in a step, by its provider.
var meets = map[string]string{
	latchkey.AuthCookie: "console.meets.cookie", latchkey.AuthUsernameForm: "console.meets.username",
	latchkey.AuthPasswordForm: "console.meets.password", latchkey.AuthUsernamePasswordForm: "console.meets.username-password",
	latchkey.AuthRegistrationPage: "console.meets.registration", latchkey.AuthChooseUser: "console.meets.choose-user",
	latchkey.AuthResetEmail: "console.meets.reset-email", latchkey.AuthResetPassword: "console.meets.reset-password",
	latchkey.AuthOTPForm: "console.meets.otp", latchkey.AuthDirectUsername: "console.meets.direct-username",
	latchkey.AuthDirectPassword: "console.meets.direct-password", latchkey.AuthDirectOTP: "console.meets.otp",
	latchkey.AuthAllowAccess: "console.meets.allow", latchkey.AuthDenyAccess: "console.meets.deny", latchkey.AuthResetOTP: "console.meets.reset-otp",
}

// The options of the magic link step that people notice, as the API has them.
const (
	optionCreate   = "ext-magic-create-nonexistent-user"
	optionProfile  = "ext-magic-update-profile-action"
	optionPassword = "ext-magic-update-password-action"
	optionLifespan = "ext-magic-token-life-span"
)

// sentence says what people meet in the flow.
func (t *flowTree) sentence() flowSentence {
	said := sentenceOf(t.top)
	if len(said) == 0 || t.nobody {
		return flowSentence{{Key: "console.meets.nothing"}}
	}
	return said
}

func sentenceOf(level []*execution) (out flowSentence) {
	hasRequired := slices.ContainsFunc(level, func(e *execution) bool {
		return !e.isCondition() && (e.Requirement == required || e.Requirement == conditional)
	})
	for _, e := range level {
		switch {
		case e.Requirement == disabled, e.isCondition(), e.Requirement == alternative && hasRequired:
		case e.isForm():
			out = append(out, step(e)...)
		case e.neverRun():
		case e.SubFlow && e.Requirement == conditional:
			if below := sentenceOf(e.below); len(below) > 0 {
				out = append(append(out, clause{"console.meets.conditional", []any{e.Name}}), below...)
			}
		case e.SubFlow:
			out = append(out, sentenceOf(e.below)...)
		default:
			out = append(out, step(e)...)
		}
	}
	return out
}

// neverRun says that the execution is a conditional sub-flow without a condition
// that is switched on.
func (e *execution) neverRun() bool {
	return e.SubFlow && e.Requirement == conditional && len(e.conditions()) == 0
}

// conditions are those of a conditional sub-flow that are switched on.
func (e *execution) conditions() (list []*execution) {
	for _, c := range e.below {
		if c.isCondition() && c.Requirement != disabled {
			list = append(list, c)
		}
	}
	return list
}

func step(e *execution) flowSentence {
	switch e.Provider {
	case latchkey.AuthMagicLink:
		return magicLinkSentence(e)
	case latchkey.AuthIdentityProvider:
		if to := e.config["defaultProvider"]; to != "" {
			return flowSentence{{"console.meets.provider", []any{to}}}
		}
		return nil
	}
	if strings.HasPrefix(e.Provider, "direct-grant-") && len(e.warnings) > 0 {
		return nil // nobody passes it in a browser: the warning says so
	}
	if key := meets[e.Provider]; key != "" {
		return flowSentence{{Key: key}}
	}
	if len(e.warnings) > 0 {
		return nil // not built, or never reached: the warning says so
	}
	return flowSentence{{"console.meets.step", []any{e.Name}}}
}

// mostLifespan is how long a mailed link lives at most, in seconds.
const mostLifespan = 3600

func magicLinkSentence(e *execution) flowSentence {
	seconds, err := strconv.Atoi(e.config[optionLifespan])
	if err != nil || seconds <= 0 {
		seconds = 600
	}
	out := flowSentence{{"console.meets.link", []any{max(1, min(seconds, mostLifespan)/60)}}}
	if e.config[optionCreate] == "false" {
		return append(out, clause{Key: "console.meets.link-known"})
	}
	switch {
	case e.config[optionProfile] == "true" && e.config[optionPassword] == "true":
		return append(out, clause{Key: "console.meets.link-new-both"})
	case e.config[optionProfile] == "true":
		return append(out, clause{Key: "console.meets.link-new-profile"})
	case e.config[optionPassword] == "true":
		return append(out, clause{Key: "console.meets.link-new-password"})
	}
	return append(out, clause{Key: "console.meets.link-new"})
}
