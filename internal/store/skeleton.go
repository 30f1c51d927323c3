package store

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

var errUnbuilt = errors.New("store: being built")

type Options struct {
	URL      string
	Keyring  *secret.Keyring
	Now      func() time.Time
	Log      *slog.Logger
	MaxConns int
}
type DB struct{ keyring *secret.Keyring }
type Tx struct{ db *DB }

func Open(ctx context.Context, o Options) (*DB, error)                       { return nil, errUnbuilt }
func (db *DB) Migrate(ctx context.Context) (applied int, err error)          { return 0, errUnbuilt }
func (db *DB) Pending(ctx context.Context) (bool, error)                     { return false, errUnbuilt }
func (db *DB) Ping(ctx context.Context) error                                { return errUnbuilt }
func (db *DB) Close() error                                                  { return errUnbuilt }
func (db *DB) Dialect() string                                               { return "" }
func (db *DB) Keyring() *secret.Keyring                                      { return db.keyring }
func (db *DB) View(ctx context.Context, f func(*Tx) error) error             { return errUnbuilt }
func (db *DB) Update(ctx context.Context, f func(*Tx) error) error           { return errUnbuilt }
func (db *DB) Watch(topic string) (ch <-chan struct{}, stop func())          { return nil, func() {} }
func (db *DB) Sweep(ctx context.Context, limit int) (deleted int, err error) { return 0, errUnbuilt }

const (
	TopicRealms = "realms"
	TopicOutbox = "outbox"
)

func TopicLogin(id string) string { return "login:" + id }

func (tx *Tx) Now() time.Time           { return time.Time{} }
func (tx *Tx) Context() context.Context { return nil }
func (tx *Tx) Keyring() *secret.Keyring { return tx.db.keyring }
func (tx *Tx) AfterCommit(f func())     {}
func (tx *Tx) Notify(topic string)      {}

func (tx *Tx) CreateRealm(r *latchkey.Realm) error                 { return errUnbuilt }
func (tx *Tx) UpdateRealm(r *latchkey.Realm) error                 { return errUnbuilt }
func (tx *Tx) BumpRealm(realmID string) error                      { return errUnbuilt }
func (tx *Tx) RealmByName(name string) (*latchkey.Realm, error)    { return nil, errUnbuilt }
func (tx *Tx) Realm(id string) (*latchkey.Realm, error)            { return nil, errUnbuilt }
func (tx *Tx) Realms() ([]*latchkey.Realm, error)                  { return nil, errUnbuilt }
func (tx *Tx) RealmVersions() (map[string]int64, error)            { return nil, errUnbuilt }
func (tx *Tx) DeleteRealm(id string) error                         { return errUnbuilt }
func (tx *Tx) Snapshot(realmID string) (*latchkey.Snapshot, error) { return nil, errUnbuilt }
func (tx *Tx) CreateClient(c *latchkey.Client) error               { return errUnbuilt }
func (tx *Tx) UpdateClient(c *latchkey.Client) error               { return errUnbuilt }
func (tx *Tx) DeleteClient(realmID, id string) error               { return errUnbuilt }
func (tx *Tx) CreateClientScope(s *latchkey.ClientScope) error     { return errUnbuilt }
func (tx *Tx) UpdateClientScope(s *latchkey.ClientScope) error     { return errUnbuilt }
func (tx *Tx) DeleteClientScope(realmID, id string) error          { return errUnbuilt }
func (tx *Tx) CreateRole(r *latchkey.Role) error                   { return errUnbuilt }
func (tx *Tx) UpdateRole(r *latchkey.Role) error                   { return errUnbuilt }
func (tx *Tx) DeleteRole(realmID, id string) error                 { return errUnbuilt }
func (tx *Tx) CreateFlow(f *latchkey.Flow) error                   { return errUnbuilt }
func (tx *Tx) UpdateFlow(f *latchkey.Flow) error                   { return errUnbuilt }
func (tx *Tx) DeleteFlow(realmID, id string) error                 { return errUnbuilt }
func (tx *Tx) CreateAuthenticatorConfig(c *latchkey.AuthenticatorConfig) error {
	return errUnbuilt
}
func (tx *Tx) UpdateAuthenticatorConfig(c *latchkey.AuthenticatorConfig) error {
	return errUnbuilt
}
func (tx *Tx) DeleteAuthenticatorConfig(realmID, id string) error               { return errUnbuilt }
func (tx *Tx) PutRequiredAction(a *latchkey.RequiredAction) error               { return errUnbuilt }
func (tx *Tx) DeleteRequiredAction(realmID, alias string) error                 { return errUnbuilt }
func (tx *Tx) CreateKey(k *latchkey.Key) error                                  { return errUnbuilt }
func (tx *Tx) SetKeyStatus(realmID, id string, status latchkey.KeyStatus) error { return errUnbuilt }

func (tx *Tx) CreateUser(u *latchkey.User) error               { return errUnbuilt }
func (tx *Tx) UpdateUser(u *latchkey.User) error               { return errUnbuilt }
func (tx *Tx) DeleteUser(realmID, id string) error             { return errUnbuilt }
func (tx *Tx) User(realmID, id string) (*latchkey.User, error) { return nil, errUnbuilt }
func (tx *Tx) UserByUsername(realmID, username string) (*latchkey.User, error) {
	return nil, errUnbuilt
}
func (tx *Tx) UserByEmail(realmID, address string) (*latchkey.User, error) { return nil, errUnbuilt }
func (tx *Tx) ServiceAccountUser(realmID, clientID string) (*latchkey.User, error) {
	return nil, errUnbuilt
}
func (tx *Tx) UserRoles(realmID, userID string) ([]string, error)  { return nil, errUnbuilt }
func (tx *Tx) AddUserRole(realmID, userID, roleID string) error    { return errUnbuilt }
func (tx *Tx) RemoveUserRole(realmID, userID, roleID string) error { return errUnbuilt }
func (tx *Tx) RoleUsers(realmID, roleID string, limit int) ([]*latchkey.User, error) {
	return nil, errUnbuilt
}
func (tx *Tx) Credentials(realmID, userID string) ([]*latchkey.Credential, error) {
	return nil, errUnbuilt
}
func (tx *Tx) CreateCredential(c *latchkey.Credential) error  { return errUnbuilt }
func (tx *Tx) UpdateCredential(c *latchkey.Credential) error  { return errUnbuilt }
func (tx *Tx) DeleteCredential(realmID, id string) error      { return errUnbuilt }
func (tx *Tx) DeleteCredentials(realmID, userID string) error { return errUnbuilt }

func (tx *Tx) CreateUserSession(s *latchkey.UserSession) error               { return errUnbuilt }
func (tx *Tx) UserSession(realmID, id string) (*latchkey.UserSession, error) { return nil, errUnbuilt }
func (tx *Tx) UserSessionByCookie(realmID string, hash []byte) (*latchkey.UserSession, error) {
	return nil, errUnbuilt
}
func (tx *Tx) TouchUserSession(realmID, id string) error                     { return errUnbuilt }
func (tx *Tx) UpdateUserSession(s *latchkey.UserSession) error               { return errUnbuilt }
func (tx *Tx) EndUserSession(realmID, id string) (bool, error)               { return false, errUnbuilt }
func (tx *Tx) EndUserSessions(realmID, userID, exceptID string) (int, error) { return 0, errUnbuilt }
func (tx *Tx) ClientSession(realmID, sessionID, clientID string) (*latchkey.ClientSession, error) {
	return nil, errUnbuilt
}
func (tx *Tx) ClientSessions(realmID, sessionID string) ([]*latchkey.ClientSession, error) {
	return nil, errUnbuilt
}
func (tx *Tx) PutClientSession(s *latchkey.ClientSession) error { return errUnbuilt }
func (tx *Tx) RotateRefresh(realmID, sessionID, clientID, presented, next string) (bool, error) {
	return false, errUnbuilt
}
func (tx *Tx) DeleteClientSession(realmID, sessionID, clientID string) error { return errUnbuilt }
func (tx *Tx) CreateCode(c *latchkey.AuthorizationCode) error                { return errUnbuilt }
func (tx *Tx) RedeemCode(realmID string, hash []byte) (code *latchkey.AuthorizationCode, first bool, err error) {
	return nil, false, errUnbuilt
}

func (tx *Tx) CreateLogin(l *latchkey.Login) error               { return errUnbuilt }
func (tx *Tx) Login(realmID, id string) (*latchkey.Login, error) { return nil, errUnbuilt }
func (tx *Tx) LoginByTab(realmID string, browserHash []byte, tabID string) (*latchkey.Login, error) {
	return nil, errUnbuilt
}
func (tx *Tx) LoginsOfBrowser(realmID string, browserHash []byte) ([]*latchkey.Login, error) {
	return nil, errUnbuilt
}
func (tx *Tx) LockLogin(realmID, id string) (*latchkey.Login, error) { return nil, errUnbuilt }
func (tx *Tx) SaveLogin(l *latchkey.Login) error                     { return errUnbuilt }
func (tx *Tx) EndLogin(realmID, id string, reason latchkey.EndReason) (bool, error) {
	return false, errUnbuilt
}
func (tx *Tx) AnswerLogin(realmID, id string) (bool, error) { return false, errUnbuilt }
func (tx *Tx) CountNumberTry(realmID, id string, max int) (ok bool, err error) {
	return false, errUnbuilt
}
func (tx *Tx) CountCodeTry(realmID, id string, max int) (ok bool, err error) {
	return false, errUnbuilt
}
func (tx *Tx) SeeLogin(realmID, id string) error { return errUnbuilt }

func (tx *Tx) CreateActionToken(t *latchkey.ActionToken) error               { return errUnbuilt }
func (tx *Tx) ActionToken(realmID, id string) (*latchkey.ActionToken, error) { return nil, errUnbuilt }
func (tx *Tx) RedeemActionToken(realmID, id string) (bool, error)            { return false, errUnbuilt }
func (tx *Tx) OpenActionToken(realmID, id string) (first bool, err error)    { return false, errUnbuilt }
func (tx *Tx) VoidActionTokens(realmID, loginID, exceptID string) error      { return errUnbuilt }
func (tx *Tx) VoidUserActionTokens(realmID, userID string) error             { return errUnbuilt }
func (tx *Tx) VoidLinks() (int, error)                                       { return 0, errUnbuilt }

type MessageFilter struct {
	State   latchkey.MessageState
	Address string
	Max     int
}

func (tx *Tx) CreateMessage(m *latchkey.Message) error { return errUnbuilt }
func (tx *Tx) ClaimMessages(limit int, lease time.Duration) ([]*latchkey.Message, error) {
	return nil, errUnbuilt
}
func (tx *Tx) UpdateMessage(m *latchkey.Message) error               { return errUnbuilt }
func (tx *Tx) RecordAttempt(a *latchkey.DeliveryAttempt) error       { return errUnbuilt }
func (tx *Tx) Message(realmID, id string) (*latchkey.Message, error) { return nil, errUnbuilt }
func (tx *Tx) MessagesOfLogin(realmID, loginID string) ([]*latchkey.Message, error) {
	return nil, errUnbuilt
}
func (tx *Tx) Messages(realmID string, f MessageFilter) ([]*latchkey.Message, error) {
	return nil, errUnbuilt
}
func (tx *Tx) Attempts(realmID, messageID string) ([]*latchkey.DeliveryAttempt, error) {
	return nil, errUnbuilt
}
func (tx *Tx) NextDue() (at time.Time, ok bool, err error)       { return time.Time{}, false, errUnbuilt }
func (tx *Tx) WithholdUserMessages(realmID, userID string) error { return errUnbuilt }
func (tx *Tx) MarkAddress(realmID string, key []byte, reason string, until time.Time) error {
	return errUnbuilt
}
func (tx *Tx) AddressMark(realmID string, key []byte) (reason string, until time.Time, ok bool, err error) {
	return "", time.Time{}, false, errUnbuilt
}
func (tx *Tx) Take(realmID, name string, key []byte, interval time.Duration, burst int) (ok bool, retryAfter time.Duration, err error) {
	return false, 0, errUnbuilt
}
func (tx *Tx) SaveKnownBrowser(realmID string, browserHash, addressKey []byte) error {
	return errUnbuilt
}
func (tx *Tx) KnownAddresses(realmID string, browserHash []byte) ([][]byte, error) {
	return nil, errUnbuilt
}

type EventFilter struct {
	Types            []latchkey.EventType
	UserID, ClientID string
	Max              int
}

func (tx *Tx) CreateEvent(e *latchkey.Event) error { return errUnbuilt }
func (tx *Tx) Events(realmID string, f EventFilter) ([]*latchkey.Event, error) {
	return nil, errUnbuilt
}
func (tx *Tx) CreateAdminEvent(e *latchkey.AdminEvent) error { return errUnbuilt }
func (tx *Tx) AdminEvents(realmID string, max int) ([]*latchkey.AdminEvent, error) {
	return nil, errUnbuilt
}
func (tx *Tx) Meta(name string) (string, error) { return "", errUnbuilt }
func (tx *Tx) SetMeta(name, value string) error { return errUnbuilt }
