package config

import (
	"net/netip"
	"time"
)

// Access is what holds for clients that have no rules of their own.
type Access struct {
	Default string `yaml:"default" default:"everyone" oneof:"everyone nobody" doc:"Who may use clients that have no access rules of their own."`
	Contact string `yaml:"contact" doc:"Whom people may ask who are refused: an e-mail address, or the address of a page. Shown on the page that refuses them."`
}

// AccessRule says which people may use a client, or may not.
type AccessRule struct {
	Groups       []string            `yaml:"groups" doc:"Fits people in one of these groups."`
	Roles        []string            `yaml:"roles" doc:"Fits people who have one of these roles, themselves or by a group."`
	Users        []string            `yaml:"users" doc:"Fits these people: ids, usernames or verified e-mail addresses."`
	EmailDomains []string            `yaml:"email_domains" doc:"Fits people with a verified e-mail address at one of these domains."`
	Attributes   map[string][]string `yaml:"attributes" doc:"Fits people whose attributes each have one of the values, such as {department: [hr, law]}."`
	Networks     []netip.Prefix      `yaml:"networks" doc:"Fits people whose browser is in one of these networks, such as 10.0.0.0/8. If nothing else is missing, people elsewhere are told so."`
	ACR          string              `yaml:"acr" oneof:"@acr" doc:"The authentication context class that has to be reached. It is not a condition: anyone the rule fits is asked for what is missing."`
	Effect       string              `yaml:"effect" oneof:"allow deny" doc:"What the rule does for the people it fits. Default: allow."`

	// at says where it was written.
	at string `yaml:"-"`
}

// Scope is a scope of the installation's own.
type Scope struct {
	Name        string            `yaml:"name" doc:"The scope, as clients ask for it. Required."`
	Claims      []string          `yaml:"claims" doc:"Claims about the person that it asks for, of those of claims and the standard ones."`
	Resource    string            `yaml:"resource" doc:"The identifier of the resource server that it is of; it must be among resources."`
	Description map[string]string `yaml:"description" doc:"What a client may do with it, in plain words, by language, such as {en: Read your reports, de: Deine Berichte lesen}."`
}

// Claim is a claim of the installation's own.
type Claim struct {
	Name       string `yaml:"name" doc:"The name of the claim. Required."`
	Attribute  string `yaml:"attribute" doc:"The attribute that it is."`
	Expression string `yaml:"expression" doc:"The CEL expression that it is, over user.id, username, email, email_verified, groups, roles and attributes, such as '\"admins\" in user.groups'. It is compiled, type-checked and bounded in cost at start; where it fails for somebody they have not got the claim."`
}

// Resource is a resource server (RFC 8707).
type Resource struct {
	Identifier     string        `yaml:"identifier" doc:"The absolute URI that names it: the resource parameter of requests, and the aud of its access tokens. Required."`
	Name           string        `yaml:"name" doc:"What people know it by, where they are asked whether a client may use it. Default: its host."`
	AccessToken    ResourceToken `yaml:"access_token" doc:"What access tokens for it are like. What is not said is as the client has it."`
	IntrospectedBy []string      `yaml:"introspected_by" doc:"The ids of the clients that it introspects its tokens with, besides one whose id is the identifier."`
}

// ResourceToken is what access tokens for a resource server are like.
type ResourceToken struct {
	Format     string         `yaml:"format" oneof:"@access_token_format" doc:"jwt (RFC 9068), or opaque, which can only be read by introspection."`
	Lifetime   *time.Duration `yaml:"lifetime" doc:"How long it works; at most 24h."`
	SigningAlg string         `yaml:"signing_alg" oneof:"@signing_alg" doc:"Algorithm of a JWT."`
	Claims     []string       `yaml:"claims" doc:"Claims about the person that each token for it holds, whatever scopes were granted."`
	Encryption string         `yaml:"encryption" oneof:"none" doc:"none: tokens are signed and not encrypted. For secrecy take opaque."`
}

// ClientGroups says how a client wants groups spelled.
type ClientGroups struct {
	Prefix string `yaml:"prefix" doc:"Tell the client of groups that begin so, and of no others."`
	Strip  bool   `yaml:"strip" doc:"Tell it of them without the prefix."`
	Claim  string `yaml:"claim" doc:"The name of the claim. Default: groups."`
	Format string `yaml:"format" oneof:"list string" doc:"list, or string: one text with commas between the names. Default: list."`
}
