package sample

import (
	"time"

	"latchkey"
	"latchkey/internal/page"
)

// security are the pages of what changes how a person signs in.
func security() []Page {
	const g = "Security"
	otp := page.OTPForm{Form: another()}
	several, wrongOTP := otp, otp
	several.Devices, several.Chosen = []page.OTPDevice{{ID: "d1", Label: "Phone"}, {ID: "d2"}}, "d1"
	wrongOTP.Errors = wrong("otp", "error.otp.wrong")
	policy := latchkey.OTPPolicy{}.OrDefaults()
	setup := page.OTPSetup{Form: bare(), Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Policy: policy,
		URL: "otpauth://totp/Acme:ada@example.test?algorithm=SHA1&digits=6&issuer=Acme&period=30&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}
	asked, unusual := setup, setup
	asked.Cancel = true
	unusual.Policy = latchkey.OTPPolicy{Type: latchkey.OTPCounter, Algorithm: "HmacSHA256", Digits: 8, InitialCounter: 3}.OrDefaults()
	unusual.Named, unusual.LogoutOthers = true, true
	unusual.Errors = append(wrong("totp", "error.otp.setup"), wrong("userLabel", "error.otp.name.missing")...)
	update := page.EmailUpdate{Form: bare(), Address: address}
	update.Cancel = true
	wrongUpdate := update
	wrongUpdate.Typed, wrongUpdate.Errors = address, wrong("email", "error.address.same")
	sent := page.EmailUpdateSent{Form: bare(), Address: "grace@example.test", ResendAt: Now.Add(24 * time.Second)}
	wrongCode, closed := sent, sent
	wrongCode.Errors, wrongCode.Resent = wrong("code", "error.code.wrong.proof"), true
	closed.CodeClosed = true
	deleting := page.DeleteAccount{Form: bare(), Account: address}
	deleting.Cancel = true
	removing := page.DeleteCredential{Form: bare(), Kind: "otp", Label: "Phone"}
	removing.Cancel = true
	script := page.Policy{Script: true}
	return []Page{
		{Name: "otp", Group: g, Page: otp},
		{Name: "otp-several", Group: g, Page: several},
		{Name: "otp-wrong", Group: g, Page: wrongOTP},
		{Name: "otp-setup", Group: g, Page: setup},
		{Name: "otp-setup-asked", Group: g, Page: asked},
		{Name: "otp-setup-unusual", Group: g, Page: unusual},
		{Name: "delete-credential", Group: g, Page: removing},
		{Name: "delete-credential-unnamed", Group: g, Page: page.DeleteCredential{Form: bare(), Kind: "webauthn"}},
		{Name: "delete-account", Group: g, Page: deleting},
		{Name: "access-denied", Group: g, Page: page.AccessDenied{Form: form()}},
		{Name: "access-denied-own", Group: g, Page: page.AccessDenied{Form: form(), Text: "The shop is closed on Sundays."}},
		{Name: "account-deleted", Group: g, Page: page.AccountDeleted{}},
		{Name: "email-update", Group: g, Page: update},
		{Name: "email-update-same", Group: g, Page: wrongUpdate},
		{Name: "email-update-sent", Group: g, Page: sent, Policy: script},
		{Name: "email-update-wrong", Group: g, Page: wrongCode, Policy: script},
		{Name: "email-update-closed", Group: g, Page: closed, Policy: script},
		{Name: "email-revert", Group: g, Page: page.EmailRevert{Form: bare(), Address: address}},
		{Name: "email-reverted", Group: g, Page: page.EmailReverted{Address: address}},
	}
}
