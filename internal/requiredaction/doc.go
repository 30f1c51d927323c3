// Package requiredaction holds what a realm can ask of a user after the flow,
// one file each: UPDATE_PROFILE, VERIFY_PROFILE, VERIFY_EMAIL, UPDATE_EMAIL,
// UPDATE_PASSWORD, CONFIGURE_TOTP, TERMS_AND_CONDITIONS, delete_account,
// delete_credential and update_user_locale.
//
// Nevers: a required action never imports net/http, never opens a
// transaction, never hashes a password inside of one, and never makes an
// address proven that nobody proved.
package requiredaction
