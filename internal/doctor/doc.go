// Package doctor looks over an installation and says what weakens it, or will
// stop it from signing people in: realms and their clients, keys, flows, mail
// settings and what the DNS says of the domain that mails come from (R-183,
//
//
// Its verbs: [Doctor.Examine] looks at a realm by all that is about one: [Realm]
// at its snapshot, [Mail] at the DNS. [Clocks] compares two clocks, [Outbound]
// names what may be called inside. Each finding has a name of its own, by which
// documents and alarms can speak of it.
//
// Nevers: it changes nothing, opens no transaction, and shows no secret.
package doctor
