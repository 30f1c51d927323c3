package latchkey

import "time"

// Person is a user with all that belongs to the account and outlives its
// sessions: what an export of a realm says of them.
type Person struct {
	User        *User
	Credentials []*Credential
	Roles       []string // ids of those that were given to the user, not to groups
	Groups      []string // ids
	Consents    []*Consent
	// FederatedIdentities are linked accounts at identity providers.
	FederatedIdentities []*FederatedIdentity
}

// RealmImport is an import of a realm that was begun and is not through: the
// realm is disabled until it is.
type RealmImport struct {
	RealmID   string
	Digest    []byte // SHA-256 of the export
	Done      int    // how many of its people are there, in the order of the export
	Total     int
	Enabled   bool // whether the realm is to be enabled in the end
	StartedAt time.Time
}
