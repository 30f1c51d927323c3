// Package profile holds what is typed about a user against the realm's user
// profile, as Keycloak's declarative user profile does.
//
// Verbs: [Fields] says what a form asks somebody for, [Validate] what is wrong
// with what was typed, [Apply] puts it into a user, [Missing] what a user
// lacks; [ValuesOf] reads a user. [UnknownRules] names what of a profile is
// not acted on, [Odd] what of it means nothing.
//
// Every form that shows or takes a user's attributes goes through them: the
// pages, the account's REST API and the administrators'. Faults have
// Keycloak's message keys and parameters.
//
// Nevers: it knows neither HTTP nor a database. A person never changes their
// own address here: an address comes to an account by proof of its mailbox or
// by an administrator.
package profile
