package representation

import (
	"latchkey"
)

// Event is something that happened to a person or an application. Time is
// unix milliseconds.
type Event struct {
	ID        string            `json:"id"`
	Time      int64             `json:"time"`
	Type      string            `json:"type"`
	RealmID   string            `json:"realmId"`
	ClientID  string            `json:"clientId,omitempty"`
	UserID    string            `json:"userId,omitempty"`
	SessionID string            `json:"sessionId,omitempty"`
	IPAddress string            `json:"ipAddress,omitempty"`
	Error     string            `json:"error,omitempty"`
	Details   map[string]string `json:"details,omitempty"`
}

// AdminEvent is something that an administrator did. Time is unix
// milliseconds.
type AdminEvent struct {
	ID             string      `json:"id"`
	Time           int64       `json:"time"`
	RealmID        string      `json:"realmId"`
	AuthDetails    AuthDetails `json:"authDetails"`
	OperationType  string      `json:"operationType"`
	ResourceType   string      `json:"resourceType"`
	ResourcePath   string      `json:"resourcePath"`
	Representation string      `json:"representation,omitempty"` // JSON text
	Error          string      `json:"error,omitempty"`
}

// AuthDetails says who an administrator was.
type AuthDetails struct {
	RealmID   string `json:"realmId"`
	ClientID  string `json:"clientId"` // internal id
	UserID    string `json:"userId"`
	IPAddress string `json:"ipAddress"`
}

// EventsConfig is what a realm records.
type EventsConfig struct {
	EventsEnabled             *bool    `json:"eventsEnabled,omitzero"`
	EventsExpiration          *int64   `json:"eventsExpiration,omitzero"` // seconds
	EventsListeners           []string `json:"eventsListeners,omitzero"`
	EnabledEventTypes         []string `json:"enabledEventTypes,omitzero"`
	AdminEventsEnabled        *bool    `json:"adminEventsEnabled,omitzero"`
	AdminEventsDetailsEnabled *bool    `json:"adminEventsDetailsEnabled,omitzero"`
}

// EventOf shows an event.
func EventOf(e *latchkey.Event) Event {
	return Event{ID: e.ID, Time: e.Time.UnixMilli(), Type: string(e.Type), RealmID: e.RealmID, ClientID: e.ClientID,
		UserID: e.UserID, SessionID: e.SessionID, IPAddress: e.IPAddress, Error: e.Error, Details: e.Details}
}

// AdminEventOf shows an admin event; details says whether with what was
// written.
func AdminEventOf(e *latchkey.AdminEvent, details bool) AdminEvent {
	r := AdminEvent{ID: e.ID, Time: e.Time.UnixMilli(), RealmID: e.RealmID,
		AuthDetails:   AuthDetails{RealmID: e.AuthRealmID, ClientID: e.AuthClientID, UserID: e.AuthUserID, IPAddress: e.AuthIPAddress},
		OperationType: e.OperationType, ResourceType: e.ResourceType, ResourcePath: e.ResourcePath, Error: e.Error}
	if details {
		r.Representation = e.Representation
	}
	return r
}
