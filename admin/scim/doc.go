// Package scim lets sources of provisioning (Entra ID, Okta, Google Workspace, an HR
// system) make, change and end accounts and groups by SCIM 2.0 (RFC 7643, RFC 7644),
// below /scim/v2.
//
// A source is whoever has its bearer token. It sees and changes what it made, and nothing
// else (requirement AD2): for it others do not exist, but for names that they have (409).
// What a source said of a person is kept as a document and shown to it again; what follows
// of it for the account is done by package account, by the rules, with the events and the
// messages of every other way in. Nothing here sets a password.
//
// Filters that an index answers go to the store; others are judged over a bounded number
// of resources, and refused beyond it (tooMany).
package scim
