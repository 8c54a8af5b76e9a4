package config

import (
	"net/netip"
	"time"
)

// Access is what holds for clients that have no rules of their own.
type Access struct {
	Default string `yaml:"default" default:"everyone" oneof:"everyone nobody" doc:"Who may use clients that have no access rules of their own."`
	Contact string `yaml:"contact" doc:"A contact for people who are refused: an email address, or the address of a page. Shown on the page that refuses them."`
}

// AccessRule says which people may use a client, or may not.
type AccessRule struct {
	Groups       []string            `yaml:"groups" doc:"Matches people in one of these groups."`
	Roles        []string            `yaml:"roles" doc:"Matches people with one of these roles, their own or through a group."`
	Users        []string            `yaml:"users" doc:"Matches these people: ids, usernames or verified email addresses."`
	EmailDomains []string            `yaml:"email_domains" doc:"Matches people with a verified email address at one of these domains."`
	Attributes   map[string][]string `yaml:"attributes" doc:"Matches people whose attributes each have one of the values, such as {department: [hr, law]}."`
	Networks     []netip.Prefix      `yaml:"networks" doc:"Matches people whose browser is in one of these networks, such as 10.0.0.0/8. If this is all that is missing, people elsewhere are told so."`
	ACR          string              `yaml:"acr" oneof:"@acr" doc:"The authentication context class that is required. It does not affect whether the rule matches: people who match are asked for what is missing."`
	Effect       string              `yaml:"effect" oneof:"allow deny" doc:"What the rule does for people it matches. Default: allow."`

	// at says where it was written.
	at string `yaml:"-"`
}

// Scope is a scope of the installation's own.
type Scope struct {
	Name        string            `yaml:"name" doc:"The scope, as clients request it. Required."`
	Claims      []string          `yaml:"claims" doc:"Claims about the person that the scope grants: standard ones, or ones defined in claims."`
	Resource    string            `yaml:"resource" doc:"The identifier of the resource server that it belongs to, which must be listed in resources."`
	Description map[string]string `yaml:"description" doc:"What a client may do with it, in plain words, by language, such as {en: Read your reports, de: Deine Berichte lesen}."`
}

// Claim is a claim of the installation's own.
type Claim struct {
	Name       string `yaml:"name" doc:"The name of the claim. Required."`
	Attribute  string `yaml:"attribute" doc:"The attribute that supplies its value."`
	Expression string `yaml:"expression" doc:"The CEL expression that computes its value from user.id, username, email, email_verified, groups, roles and attributes, such as '\"admins\" in user.groups'. It is compiled, type-checked and limited in cost at startup; if it fails for somebody, the claim is omitted."`
}

// Resource is a resource server (RFC 8707).
type Resource struct {
	Identifier     string        `yaml:"identifier" doc:"The absolute URI that identifies it: the resource parameter of requests, and the aud of its access tokens. Required."`
	Name           string        `yaml:"name" doc:"The name people see when they are asked for consent. Default: its host."`
	AccessToken    ResourceToken `yaml:"access_token" doc:"The access tokens for it. The client's settings apply to anything not set here."`
	IntrospectedBy []string      `yaml:"introspected_by" doc:"The ids of the clients that it uses to introspect its tokens, besides a client whose id is the identifier."`
}

// ResourceToken is what access tokens for a resource server are like.
type ResourceToken struct {
	Format     string         `yaml:"format" oneof:"@access_token_format" doc:"jwt (RFC 9068), or opaque, which can only be read by introspection."`
	Lifetime   *time.Duration `yaml:"lifetime" doc:"How long it is valid; at most 24h."`
	SigningAlg string         `yaml:"signing_alg" oneof:"@signing_alg" doc:"Algorithm of a JWT."`
	Claims     []string       `yaml:"claims" doc:"Claims about the person in every token for it, whatever scopes were granted."`
	Encryption string         `yaml:"encryption" oneof:"none" doc:"none: tokens are signed and not encrypted. For confidentiality, use opaque tokens."`
}

// ClientGroups says how a client wants groups spelled.
type ClientGroups struct {
	Prefix string `yaml:"prefix" doc:"Send only groups whose names begin with this."`
	Strip  bool   `yaml:"strip" doc:"Remove the prefix from the names."`
	Claim  string `yaml:"claim" doc:"The name of the claim. Default: groups."`
	Format string `yaml:"format" oneof:"list string" doc:"list, or string: one string with commas between the names. Default: list."`
}
