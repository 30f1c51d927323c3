package representation

// The shapes of the account's own REST. Unlike the operators' they count
// times in seconds, but for the days that credentials and consents were made,
// which are milliseconds.

// Account is a person's own account.
type Account struct {
	ID                  string              `json:"id,omitempty"`
	Username            string              `json:"username"`
	FirstName           string              `json:"firstName,omitempty"`
	LastName            string              `json:"lastName,omitempty"`
	Email               string              `json:"email,omitempty"`
	EmailVerified       bool                `json:"emailVerified"`
	Attributes          map[string][]string `json:"attributes,omitzero"`
	UserProfileMetadata *ProfileMetadata    `json:"userProfileMetadata,omitzero"`
}

// ProfileFault is one thing that is wrong with what was sent for an attribute
// of a profile; the answer holds the first, and all of them.
type ProfileFault struct {
	Field        string `json:"field"`
	ErrorMessage string `json:"errorMessage"` // a key of Keycloak's messages
	Params       []any  `json:"params"`
}

// ProfileFaults is the answer to a profile that is not valid.
type ProfileFaults struct {
	ProfileFault
	Errors []ProfileFault `json:"errors"`
}

// CredentialContainer is a kind of credential, with those of the person.
type CredentialContainer struct {
	Type         string               `json:"type"`     // "password", "otp"
	Category     string               `json:"category"` // "basic-authentication", "two-factor", "passwordless"
	DisplayName  string               `json:"displayName"`
	Helptext     string               `json:"helptext"`
	IconCSSClass string               `json:"iconCssClass,omitempty"`
	CreateAction string               `json:"createAction,omitempty"` // a kc_action
	UpdateAction string               `json:"updateAction,omitempty"`
	Removeable   bool                 `json:"removeable"` // Keycloak's spelling
	Metadata     []CredentialMetadata `json:"userCredentialMetadatas"`
}

// CredentialMetadata is one credential of a person.
type CredentialMetadata struct {
	Credential Credential `json:"credential"`
}

// Device is a kind of device, with the person's sessions on it.
type Device struct {
	OS         string           `json:"os"`
	OSVersion  string           `json:"osVersion"`
	Device     string           `json:"device"`
	LastAccess int64            `json:"lastAccess"`
	Current    bool             `json:"current,omitempty"`
	Sessions   []AccountSession `json:"sessions"`
	Mobile     bool             `json:"mobile"`
}

// AccountSession is a sign-in of the person in a browser.
type AccountSession struct {
	ID         string          `json:"id"`
	IPAddress  string          `json:"ipAddress,omitempty"`
	Started    int64           `json:"started"`
	LastAccess int64           `json:"lastAccess"`
	Expires    int64           `json:"expires"`
	Clients    []AccountClient `json:"clients"`
	Browser    string          `json:"browser,omitempty"`
	Current    bool            `json:"current,omitempty"`
}

// AccountClient is an application as the person has to do with it.
type AccountClient struct {
	ClientID            string          `json:"clientId"`
	ClientName          string          `json:"clientName,omitempty"`
	Description         string          `json:"description,omitempty"`
	UserConsentRequired bool            `json:"userConsentRequired"`
	InUse               bool            `json:"inUse"`
	OfflineAccess       bool            `json:"offlineAccess"`
	RootURL             string          `json:"rootUrl,omitempty"`
	BaseURL             string          `json:"baseUrl,omitempty"`
	EffectiveURL        string          `json:"effectiveUrl,omitempty"`
	Consent             *AccountConsent `json:"consent,omitempty"`
	LogoURI             string          `json:"logoUri,omitempty"`
	PolicyURI           string          `json:"policyUri,omitempty"`
	TosURI              string          `json:"tosUri,omitempty"`
}

// AccountConsent is what the person agreed to; dates are milliseconds.
type AccountConsent struct {
	GrantedScopes   []ConsentScope `json:"grantedScopes"`
	CreatedDate     int64          `json:"createdDate,omitempty"`
	LastUpdatedDate int64          `json:"lastUpdatedDate,omitempty"`
}

// ConsentScope is a client scope that was agreed to.
type ConsentScope struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayText string `json:"displayText,omitempty"`
}

// AccountGroup is a group that the person is in.
type AccountGroup struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Path string `json:"path"`
}

// AccountFeatures say what the realm lets the person do about their account,
// with the names that Keycloak's console is started with.
type AccountFeatures struct {
	RegistrationEmailAsUsername bool `json:"isRegistrationEmailAsUsername"`
	EditUsernameAllowed         bool `json:"isEditUserNameAllowed"`
	LinkedAccountsEnabled       bool `json:"isLinkedAccountsEnabled"`
	DeleteAccountAllowed        bool `json:"deleteAccountAllowed"`
	UpdateEmailFeatureEnabled   bool `json:"updateEmailFeatureEnabled"`
	UpdateEmailActionEnabled    bool `json:"updateEmailActionEnabled"`
	ViewApplicationsEnabled     bool `json:"isViewApplicationsEnabled"`
	ViewGroupsEnabled           bool `json:"isViewGroupsEnabled"`
	// EventsEnabled says whether the realm keeps a record of what happens to
	// accounts. It is Latchkey's own.
	EventsEnabled bool `json:"isEventsEnabled"`
}

// Activity is something that happened to the person's account. Time is unix
// milliseconds, as of all events.
type Activity struct {
	ID         string `json:"id"`
	Time       int64  `json:"time"`
	Type       string `json:"type"`
	ClientID   string `json:"clientId,omitempty"`
	ClientName string `json:"clientName,omitempty"`
	IPAddress  string `json:"ipAddress,omitempty"`
	Error      string `json:"error,omitempty"`
}
