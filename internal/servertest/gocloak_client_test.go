package servertest_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/Nerzal/gocloak/v14"
)

// Clients, client scopes and mappers, as gocloak sees them.
func TestGocloakClients(t *testing.T) {
	o := newOperator(t)
	const realm = "demo"
	id := ok[string](o)(o.CreateClient(o.ctx, o.token, realm, gocloak.Client{ClientID: gocloak.StringP("shop"), Name: gocloak.StringP("The shop"),
		PublicClient: gocloak.BoolP(false), ServiceAccountsEnabled: gocloak.BoolP(true), RedirectURIs: []string{"https://shop.example.test/cb"}}))
	_, err := o.CreateClient(o.ctx, o.token, realm, gocloak.Client{ClientID: gocloak.StringP("shop")})
	o.refused(err, http.StatusConflict)
	c := ok[*gocloak.Client](o)(o.GetClient(o.ctx, o.token, realm, id))
	c.Description = gocloak.StringP("sells")
	o.no(o.UpdateClient(o.ctx, o.token, realm, *c))
	list := ok[[]*gocloak.Client](o)(o.GetClients(o.ctx, o.token, realm, gocloak.GetClientsParams{ClientID: gocloak.StringP("shop")}))
	if len(list) != 1 || gocloak.PString(list[0].Description) != "sells" || gocloak.PString(list[0].Name) != "The shop" {
		t.Errorf("clients: %+v", list)
	}
	secret := ok[*gocloak.CredentialRepresentation](o)(o.GetClientSecret(o.ctx, o.token, realm, id))
	fresh := ok[*gocloak.CredentialRepresentation](o)(o.RegenerateClientSecret(o.ctx, o.token, realm, id))
	if gocloak.PString(fresh.Value) == gocloak.PString(secret.Value) {
		t.Error("the same secret again")
	}
	if _, err := o.LoginClient(o.ctx, "shop", gocloak.PString(secret.Value), realm); err == nil {
		t.Error("the old secret still works")
	}
	jwt := ok[*gocloak.JWT](o)(o.LoginClient(o.ctx, "shop", gocloak.PString(fresh.Value), realm))
	if active := ok[*gocloak.IntroSpectTokenResult](o)(o.RetrospectToken(o.ctx, jwt.AccessToken, "shop", gocloak.PString(fresh.Value), realm)); !gocloak.PBool(active.Active) {
		t.Error("its token is not active")
	}
	account := ok[*gocloak.User](o)(o.GetClientServiceAccount(o.ctx, o.token, realm, id))
	if gocloak.PString(account.Username) != "service-account-shop" {
		t.Errorf("service account: %+v", account)
	}

	if at := ok[string](o)(o.CreateClientRole(o.ctx, o.token, realm, id, gocloak.Role{Name: gocloak.StringP("buyer")})); at != "buyer" {
		t.Errorf("a role's address ends in its name, not in %q", at)
	}
	role := ok[*gocloak.Role](o)(o.GetClientRole(o.ctx, o.token, realm, id, "buyer"))
	o.no(o.AddClientRolesToUser(o.ctx, o.token, realm, id, gocloak.PString(account.ID), []gocloak.Role{*role}))
	if has := ok[[]*gocloak.Role](o)(o.GetClientRolesByUserID(o.ctx, o.token, realm, id, gocloak.PString(account.ID))); len(has) != 1 {
		t.Errorf("its roles: %+v", has)
	}

	scope := ok[string](o)(o.CreateClientScope(o.ctx, o.token, realm, gocloak.ClientScope{Name: gocloak.StringP("orders"), Protocol: gocloak.StringP("openid-connect")}))
	mapper := ok[string](o)(o.CreateClientScopeProtocolMapper(o.ctx, o.token, realm, scope, gocloak.ProtocolMappers{Name: gocloak.StringP("team"),
		Protocol: gocloak.StringP("openid-connect"), ProtocolMapper: gocloak.StringP("oidc-usermodel-attribute-mapper"),
		ProtocolMappersConfig: &gocloak.ProtocolMappersConfig{UserAttribute: gocloak.StringP("team"), ClaimName: gocloak.StringP("team"), AccessTokenClaim: gocloak.StringP("true")}}))
	if all := ok[[]*gocloak.ProtocolMappers](o)(o.GetClientScopeProtocolMappers(o.ctx, o.token, realm, scope)); len(all) != 1 || gocloak.PString(all[0].ID) != mapper {
		t.Errorf("mappers: %+v", all)
	}
	o.no(o.AddDefaultScopeToClient(o.ctx, o.token, realm, id, scope))
	scopes := ok[[]*gocloak.ClientScope](o)(o.GetClientsDefaultScopes(o.ctx, o.token, realm, id))
	if !slices.Contains(named(scopes, func(s *gocloak.ClientScope) *string { return s.Name }), "orders") {
		t.Errorf("scopes: %+v", scopes)
	}
	o.no(o.RemoveDefaultScopeFromClient(o.ctx, o.token, realm, id, scope))
	own := ok[string](o)(o.CreateClientProtocolMapper(o.ctx, o.token, realm, id, gocloak.ProtocolMapperRepresentation{Name: gocloak.StringP("fixed"),
		Protocol: gocloak.StringP("openid-connect"), ProtocolMapper: gocloak.StringP("oidc-hardcoded-claim-mapper"),
		Config: map[string]string{"claim.name": "shop", "claim.value": "yes", "access.token.claim": "true"}}))
	o.no(o.DeleteClientProtocolMapper(o.ctx, o.token, realm, id, own))
	o.no(o.DeleteClientScopeProtocolMapper(o.ctx, o.token, realm, scope, mapper))
	o.no(o.DeleteClientScope(o.ctx, o.token, realm, scope))
	if _, err := o.GetClientUserSessions(o.ctx, o.token, realm, id); err != nil {
		t.Error(err)
	}
	o.no(o.DeleteClient(o.ctx, o.token, realm, id))
	_, err = o.GetClient(o.ctx, o.token, realm, id)
	o.refused(err, http.StatusNotFound)
	if _, err := o.LoginClient(o.ctx, "shop", gocloak.PString(fresh.Value), realm); err == nil {
		t.Error("a deleted client still gets tokens")
	}
}
