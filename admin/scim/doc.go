// Package scim lets provisioning sources (Entra ID, Okta, Google Workspace, an HR system)
// create, change and end accounts and groups with SCIM 2.0 (RFC 7643, RFC 7644), below
// /scim/v2.
//
// A source is whoever has its bearer token. It sees and changes what it created, and
// nothing else (requirement AD2): for the source, others do not exist, except that their
// names are taken (409). What a source says about a person is kept as a document and
// returned to it; package account applies it to the account, with the rules, events and
// messages of every other way in. Nothing here sets a password.
//
// Filters that an index can answer go to the store; others are evaluated over a bounded
// number of resources, and rejected beyond it (tooMany).
package scim
