package oidc

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/token"
)

const challengeS256 = "S256"

// authorization is an authorization request on its way through the checks.
type authorization struct {
	request
	door   *Door
	snap   *latchkey.Snapshot
	client *latchkey.Client
	mode   string // how the application is answered, once that is known
	entry  latchkey.Entry
}

// verdict is what a check says when the request does not go on: an error page,
// or, when code is set, an error to the application.
type verdict struct {
	page              string // key of an ErrorPage
	status            int    // of the page; 0: 400
	code, description string
	event             string // error of the LOGIN_ERROR
}

// checks is the table that every authorization request runs through, in
// order; the first verdict ends it. Until the redirect URI is known to be the
// client's own, verdicts are pages; from then on they are errors to
// the application.
var checks = []func(a *authorization) *verdict{
	checkClient,
	checkRedirect,
	checkLengths,
	checkResponseType,
	checkResponseMode,
	checkStandardFlow,
	checkUnsupported,
	checkScope,
	checkChallenge,
	checkPrompt,
	checkMaxAge,
	checkHint,
	checkClaims,
	checkFlow,
	checkLevel,
}

func checkClient(a *authorization) *verdict {
	if a.ClientID == "" {
		return &verdict{page: PageInvalid, event: "invalid_request"}
	}
	a.client = a.snap.ClientByClientID(a.ClientID)
	switch c := a.client; {
	case c == nil || (c.Protocol != "" && c.Protocol != "openid-connect"):
		a.client = nil
		return &verdict{page: PageClient, event: "client_not_found"}
	case !c.Enabled:
		return &verdict{page: PageClient, event: "client_disabled"}
	case c.BearerOnly:
		return &verdict{page: PageClient, event: "not_allowed"}
	}
	return nil
}

func checkRedirect(a *authorization) *verdict {
	base := a.door.Site.URL()
	if !a.client.AllowsRedirect(a.RedirectURI, base) {
		return &verdict{page: PageRedirect, event: "invalid_redirect_uri"}
	}
	a.mode = modeFor(a.ResponseType, a.ResponseMode)
	return nil
}

func checkLengths(a *authorization) *verdict {
	if a.tooLong != "" {
		return invalidParameter(a.tooLong)
	}
	return nil
}

// checkResponseType lets pass "code" alone. The types of the implicit
// and hybrid grants get Keycloak's answer to a client that may not use them,
// which here is every client.
func checkResponseType(a *authorization) *verdict {
	if a.ResponseType == "" {
		return &verdict{code: "invalid_request", description: "Missing parameter: response_type", event: "invalid_request"}
	}
	if a.ResponseType == "code" {
		return nil
	}
	for _, t := range strings.Fields(a.ResponseType) {
		if t != "code" && t != "token" && t != "id_token" {
			return &verdict{code: "unsupported_response_type", event: "invalid_request"}
		}
	}
	return &verdict{code: "unauthorized_client", description: "Client is not allowed to initiate browser login with given response_type. Implicit flow is disabled for the client.", event: "not_allowed"}
}

func checkResponseMode(a *authorization) *verdict {
	if a.ResponseMode != "" && !slices.Contains(modes, a.ResponseMode) {
		return invalidParameter("response_mode")
	}
	return nil
}

func checkStandardFlow(a *authorization) *verdict {
	if !a.client.StandardFlowEnabled {
		return &verdict{code: "unauthorized_client", description: "Client is not allowed to initiate browser login with given response_type. Standard flow is disabled for the client.", event: "not_allowed"}
	}
	return nil
}

// checkUnsupported refuses what would say the request in another way.
func checkUnsupported(a *authorization) *verdict {
	if a.unsupported != "" {
		return &verdict{code: a.unsupported + "_not_supported", event: "invalid_request"}
	}
	return nil
}

func checkScope(a *authorization) *verdict {
	if _, unknown := token.ResolveScope(a.snap, a.client, a.Scope); len(unknown) > 0 {
		return &verdict{code: "invalid_scope", description: "Invalid scopes: " + a.Scope, event: "invalid_request"}
	}
	return nil
}

// pkceRequired says whether the client's requests need a challenge: always for
// public clients, for others where their configuration says so.
func pkceRequired(c *latchkey.Client) bool {
	return c.PublicClient || c.Attribute("pkce.code.challenge.method") != ""
}

// checkChallenge lets pass S256 alone.
func checkChallenge(a *authorization) *verdict {
	missing := func(name string) *verdict {
		return &verdict{code: "invalid_request", description: "Missing parameter: " + name, event: "invalid_request"}
	}
	switch {
	case a.CodeChallenge == "" && a.CodeChallengeMethod == "" && !pkceRequired(a.client):
		return nil
	case a.CodeChallengeMethod == "":
		return missing("code_challenge_method")
	case a.CodeChallengeMethod != challengeS256:
		return &verdict{code: "invalid_request", description: "Invalid parameter: code challenge method is not matching the configured one", event: "invalid_request"}
	case a.CodeChallenge == "":
		return missing("code_challenge")
	case len(a.CodeChallenge) != 43 || !validVerifier(a.CodeChallenge):
		return invalidParameter("code_challenge")
	}
	return nil
}

// checkPrompt refuses "none" beside anything else (OpenID Connect Core
// 3.1.2.1); values that are not known are passed over, as in Keycloak.
func checkPrompt(a *authorization) *verdict {
	if a.Prompts("none") && len(a.Prompt) > 1 {
		return invalidParameter("prompt")
	}
	return nil
}

func checkMaxAge(a *authorization) *verdict {
	if a.badMaxAge {
		return &verdict{page: PageInvalid, event: "invalid_request"}
	}
	return nil
}

// checkHint reads id_token_hint: an ID token of this realm, expired or not. It
// says whom the application expects and signs nobody in.
func checkHint(a *authorization) *verdict {
	if a.idTokenHint == "" {
		return nil
	}
	c, err := a.door.Minter.VerifyIDHint(a.snap, a.door.Site.Issuer(a.snap.Realm.Name), a.idTokenHint)
	if err != nil {
		return invalidParameter("id_token_hint")
	}
	a.IDTokenHintSubject = c.Subject
	return nil
}

func checkFlow(a *authorization) *verdict {
	if a.snap.BrowserFlow(a.client) == nil || a.snap.EntryFlow(a.client, a.entry) == nil {
		return &verdict{page: PageSetup, status: http.StatusInternalServerError, event: "invalid_config"}
	}
	return nil
}

func invalidParameter(name string) *verdict {
	return &verdict{code: "invalid_request", description: "Invalid parameter: " + name, event: "invalid_request"}
}
