// An operator's script, as the JavaScript admin client makes one: it makes a
// realm that signs people in by mail, and prints what it saw.
import KcAdminClient from "@keycloak/keycloak-admin-client";

const [baseUrl, password, smtpHost, smtpPort, redirectUri, now] = process.argv.slice(2);
// The server's clock is the test's; the client goes by its own.
const clock = Date;
const shift = Number(now) * 1000 - clock.now();
globalThis.Date = class extends clock {
  constructor(...given) { super(...(given.length ? given : [clock.now() + shift])); }
  static now() { return clock.now() + shift; }
};
const kc = new KcAdminClient({ baseUrl, realmName: "master" });
await kc.auth({ username: "admin", password, grantType: "password", clientId: "admin-cli" });
const said = {};

// The realm and its mail.
said.made = (await kc.realms.create({ realm: "garden", enabled: true })).realmName;
kc.setConfig({ realmName: "garden" });
await kc.realms.update({ realm: "garden" }, { displayName: "The garden", registrationAllowed: false,
  smtpServer: { host: smtpHost, port: smtpPort, from: "signin@example.test" } });
await kc.realms.testSMTPConnection({ realm: "garden" }, { host: smtpHost, port: Number(smtpPort), from: "signin@example.test" })
  .then(() => { said.smtp = true; });
said.smtpServer = (await kc.realms.findOne({ realm: "garden" })).smtpServer.host;

// A flow of its own: a copy of browser, without its forms, with the mailed link.
const auth = kc.authenticationManagement;
said.flows = (await auth.getFlows()).map((f) => f.alias).sort();
await auth.copyFlow({ flow: "browser", newName: "by mail" });
const forms = (await auth.getExecutions({ flow: "by mail" })).find((e) => e.displayName === "by mail forms");
await auth.delExecution({ id: forms.id });
const step = await auth.addExecutionToFlow({ flow: "by mail", provider: "ext-magic-form" });
const described = await auth.getConfigDescription({ providerId: "ext-magic-form" });
said.options = described.properties.map((p) => p.name);
await auth.createConfig({ id: step.id, alias: "mail", config: { "ext-magic-create-nonexistent-user": "true" } });
const mine = (await auth.getExecutions({ flow: "by mail" })).find((e) => e.providerId === "ext-magic-form");
await auth.updateExecution({ flow: "by mail" }, { ...mine, requirement: "ALTERNATIVE" });
await auth.raisePriorityExecution({ id: mine.id });
said.config = (await auth.getConfig({ id: (await auth.getExecutions({ flow: "by mail" })).find((e) => e.id === mine.id).authenticationConfig })).config;
await kc.realms.update({ realm: "garden" }, { browserFlow: "by mail" });
said.requirement = (await auth.getExecutions({ flow: "by mail" })).find((e) => e.id === mine.id).requirement;
said.actions = (await auth.getRequiredActions()).length;
await auth.updateRequiredAction({ alias: "TERMS_AND_CONDITIONS" }, { ...(await auth.getRequiredActionForAlias({ alias: "TERMS_AND_CONDITIONS" })), enabled: false });

// An application, and a person who is there already.
const client = await kc.clients.create({ clientId: "shop", publicClient: true, redirectUris: [redirectUri], standardFlowEnabled: true,
  attributes: { "pkce.code.challenge.method": "S256" } });
said.client = (await kc.clients.findOne({ id: client.id })).clientId;
said.found = (await kc.clients.find({ clientId: "shop" })).length;
said.scopes = (await kc.clients.listDefaultClientScopes({ id: client.id })).map((s) => s.name).sort();
const user = await kc.users.create({ username: "ada", email: "ada@example.test", enabled: true, emailVerified: true });
said.user = (await kc.users.findOne({ id: user.id })).username;
said.nobody = await kc.users.findOne({ id: "none" });
const role = await kc.roles.create({ name: "reader" });
await kc.users.addRealmRoleMappings({ id: user.id, roles: [await kc.roles.findOneByName({ name: role.roleName })] });
said.roles = (await kc.users.listRealmRoleMappings({ id: user.id })).map((r) => r.name).sort();
await kc.realms.addLocalization({ realm: "garden", selectedLocale: "en", key: "greeting" }, "hello");
said.texts = await kc.realms.getRealmSpecificLocales({ realm: "garden" });
said.keys = (await kc.realms.getKeys({ realm: "garden" })).keys.length > 0;
said.server = (await kc.serverInfo.find()).systemInfo.version.split(".")[0];
await kc.realms.partialImport({ realm: "garden", rep: { ifResourceExists: "SKIP", users: [{ username: "ada" }, { username: "bob", enabled: true }] } })
  .then((r) => { said.imported = [r.added, r.skipped]; });
said.exported = (await kc.realms.export({ realm: "garden", exportClients: true, exportGroupsAndRoles: true })).realm;
console.log(JSON.stringify(said));
