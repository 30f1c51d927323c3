package latchkey

import (
	"slices"
	"strings"
	"time"
)

// EventType is the type of an event.
type EventType string

// Event types of Keycloak that Latchkey records. A failed act has the type
// with "_ERROR" behind it and its reason in Event.Error.
const (
	EventLogin                   EventType = "LOGIN"
	EventLoginError              EventType = "LOGIN_ERROR"
	EventRegister                EventType = "REGISTER"
	EventLogout                  EventType = "LOGOUT"
	EventLogoutError             EventType = "LOGOUT_ERROR"
	EventCodeToToken             EventType = "CODE_TO_TOKEN"
	EventCodeToTokenError        EventType = "CODE_TO_TOKEN_ERROR"
	EventRefreshToken            EventType = "REFRESH_TOKEN"
	EventRefreshTokenError       EventType = "REFRESH_TOKEN_ERROR"
	EventClientLogin             EventType = "CLIENT_LOGIN"
	EventClientLoginError        EventType = "CLIENT_LOGIN_ERROR"
	EventUserInfoError           EventType = "USER_INFO_REQUEST_ERROR"
	EventUpdateProfile           EventType = "UPDATE_PROFILE"
	EventUpdateEmail             EventType = "UPDATE_EMAIL"
	EventUpdatePassword          EventType = "UPDATE_PASSWORD"
	EventVerifyEmail             EventType = "VERIFY_EMAIL"
	EventSendVerifyEmail         EventType = "SEND_VERIFY_EMAIL"
	EventImpersonate             EventType = "IMPERSONATE"
	EventCustomRequired          EventType = "CUSTOM_REQUIRED_ACTION"
	EventExecuteActionToken      EventType = "EXECUTE_ACTION_TOKEN"
	EventExecuteActionTokenError EventType = "EXECUTE_ACTION_TOKEN_ERROR"
	EventRestart                 EventType = "RESTART_AUTHENTICATION"
	EventUpdateCredential        EventType = "UPDATE_CREDENTIAL"
	EventRemoveCredential        EventType = "REMOVE_CREDENTIAL"
	EventBackchannelLogout       EventType = "BACKCHANNEL_LOGOUT" // Latchkey's own: an application was told
	EventBackchannelLogoutError  EventType = "BACKCHANNEL_LOGOUT_ERROR"
	EventGrantConsent            EventType = "GRANT_CONSENT"
	EventUpdateConsent           EventType = "UPDATE_CONSENT"
	EventDeleteAccount           EventType = "DELETE_ACCOUNT"
	EventRevokeGrant             EventType = "REVOKE_GRANT"
	EventRevokeGrantError        EventType = "REVOKE_GRANT_ERROR"
	EventIntrospectTokenError    EventType = "INTROSPECT_TOKEN_ERROR"
	EventClientRegister          EventType = "CLIENT_REGISTER"
	EventClientRegisterError     EventType = "CLIENT_REGISTER_ERROR"
	EventClientInfo              EventType = "CLIENT_INFO"
	EventClientInfoError         EventType = "CLIENT_INFO_ERROR"
	EventClientUpdate            EventType = "CLIENT_UPDATE"
	EventClientUpdateError       EventType = "CLIENT_UPDATE_ERROR"
	EventClientDelete            EventType = "CLIENT_DELETE"
	EventClientDeleteError       EventType = "CLIENT_DELETE_ERROR"
)

// Event types of the mail's life, Latchkey's own.
const (
	EventMailQueued     EventType = "MAIL_QUEUED"
	EventMailHandedOver EventType = "MAIL_HANDED_OVER"
	EventMailFailed     EventType = "MAIL_FAILED"
	EventMailWithheld   EventType = "MAIL_WITHHELD"
	EventLinkOpened     EventType = "LINK_OPENED"
	EventLinkApproved   EventType = "LINK_APPROVED_ELSEWHERE"
	EventLinkRedeemed   EventType = "LINK_REDEEMED"
	EventLinkRefused    EventType = "LINK_REFUSED"  // Error says why
	EventLinkReported   EventType = "LINK_REPORTED" // "It was not me"
	EventCodeRefused    EventType = "CODE_REFUSED"
	EventLimitHit       EventType = "LIMIT_HIT"
)

// EventTypes are all types of events that Latchkey records.
func EventTypes() []EventType { return append([]EventType(nil), eventTypes...) }

var eventTypes = []EventType{
	EventLogin, EventLoginError, EventRegister, EventLogout, EventLogoutError, EventCodeToToken, EventCodeToTokenError,
	EventRefreshToken, EventRefreshTokenError, EventClientLogin, EventClientLoginError, EventUserInfoError,
	EventUpdateProfile, EventUpdateEmail, EventUpdatePassword, EventVerifyEmail, EventSendVerifyEmail, EventImpersonate, EventCustomRequired,
	EventExecuteActionToken, EventExecuteActionTokenError, EventRestart, EventUpdateCredential, EventRemoveCredential,
	EventBackchannelLogout, EventBackchannelLogoutError, EventGrantConsent, EventUpdateConsent, EventDeleteAccount,
	EventRevokeGrant, EventRevokeGrantError, EventIntrospectTokenError,
	EventClientRegister, EventClientRegisterError, EventClientInfo, EventClientInfoError,
	EventClientUpdate, EventClientUpdateError, EventClientDelete, EventClientDeleteError,
	EventMailQueued, EventMailHandedOver, EventMailFailed, EventMailWithheld, EventLinkOpened, EventLinkApproved,
	EventLinkRedeemed, EventLinkRefused, EventLinkReported, EventCodeRefused, EventLimitHit,
}

// IsEventType says whether a realm may name it as a type of events to record:
// it is recorded here, or by Keycloak, whose settings name all of its own.
func IsEventType(name string) bool {
	return slices.Contains(eventTypes, EventType(name)) || slices.Contains(keycloakEvents, strings.TrimSuffix(name, "_ERROR"))
}

// keycloakEvents are Keycloak's types of events. There is one with "_ERROR"
// behind it for each.
var keycloakEvents = []string{
	"AUTHREQID_TO_TOKEN", "CLIENT_DELETE", "CLIENT_INFO", "CLIENT_INITIATED_ACCOUNT_LINKING", "CLIENT_LOGIN", "CLIENT_REGISTER",
	"CLIENT_UPDATE", "CODE_TO_TOKEN", "CUSTOM_REQUIRED_ACTION", "DELETE_ACCOUNT", "EXECUTE_ACTIONS", "EXECUTE_ACTION_TOKEN",
	"FEDERATED_IDENTITY_LINK", "FEDERATED_IDENTITY_OVERRIDE_LINK", "GRANT_CONSENT", "IDENTITY_PROVIDER_FIRST_LOGIN",
	"IDENTITY_PROVIDER_LINK_ACCOUNT", "IDENTITY_PROVIDER_LOGIN", "IDENTITY_PROVIDER_POST_LOGIN", "IDENTITY_PROVIDER_RESPONSE",
	"IDENTITY_PROVIDER_RETRIEVE_TOKEN", "IMPERSONATE", "INTROSPECT_TOKEN", "INVALID_SIGNATURE", "INVITE_ORG", "JWT_AUTHORIZATION_GRANT",
	"LOGIN", "LOGOUT", "OAUTH2_DEVICE_AUTH", "OAUTH2_DEVICE_CODE_TO_TOKEN", "OAUTH2_DEVICE_VERIFY_USER_CODE", "OAUTH2_EXTENSION_GRANT",
	"PERMISSION_TOKEN", "PUSHED_AUTHORIZATION_REQUEST", "REFRESH_TOKEN", "REGISTER", "REGISTER_NODE", "REMOVE_CREDENTIAL",
	"REMOVE_FEDERATED_IDENTITY", "REMOVE_TOTP", "RESET_PASSWORD", "RESTART_AUTHENTICATION", "REVOKE_GRANT",
	"SEND_IDENTITY_PROVIDER_LINK", "SEND_RESET_PASSWORD", "SEND_VERIFY_EMAIL", "TOKEN_EXCHANGE", "UNREGISTER_NODE", "UPDATE_CONSENT",
	"UPDATE_CREDENTIAL", "UPDATE_EMAIL", "UPDATE_PASSWORD", "UPDATE_PROFILE", "UPDATE_TOTP", "USER_DISABLED_BY_PERMANENT_LOCKOUT",
	"USER_DISABLED_BY_TEMPORARY_LOCKOUT", "USER_INFO_REQUEST", "USER_SESSION_DELETED", "VALIDATE_ACCESS_TOKEN",
	"VERIFIABLE_CREDENTIAL_CREATE_OFFER", "VERIFIABLE_CREDENTIAL_NONCE_REQUEST", "VERIFIABLE_CREDENTIAL_OFFER_REQUEST",
	"VERIFIABLE_CREDENTIAL_PRE_AUTHORIZED_GRANT", "VERIFIABLE_CREDENTIAL_REQUEST", "VERIFY_EMAIL", "VERIFY_PROFILE",
}

// Event is something that happened to a person or an application in a realm
// (Keycloak: event). It never holds a secret.
type Event struct {
	ID        string
	RealmID   string
	Time      time.Time
	Type      EventType
	ClientID  string // OAuth's client_id
	UserID    string
	SessionID string
	IPAddress string
	Error     string
	Details   map[string]string
}

// AdminEvent is something that an administrator did (Keycloak: admin event).
type AdminEvent struct {
	ID             string
	RealmID        string
	Time           time.Time
	AuthRealmID    string
	AuthClientID   string
	AuthUserID     string
	AuthIPAddress  string
	OperationType  string // CREATE, UPDATE, DELETE, ACTION
	ResourceType   string
	ResourcePath   string
	Representation string // JSON, without secrets
	Error          string
}
