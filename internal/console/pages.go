package console

import "slices"

// outside are the pages that are of no realm that is administered.
func (c *Console) outside() []row {
	return slices.Concat(realmList.rows(), createRealm.rows())
}

// pages are the pages of the realm that is administered, noun by noun.
func (c *Console) pages() []row {
	return slices.Concat(
		dashboardRows(),
		clientRows(),
		clientScopeRows(),
		roleRows(),
		userRows(),
		groupRows(),
		sessionRows(),
		eventRows(),
		mailRows(),
		realmSettingRows(),
		authenticationRows(),
		identityProviderRows(),
		importExportRows(),
	)
}
