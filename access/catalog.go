package access

import (
	"maps"
	"slices"
	"time"
)

// The scopes that exist by themselves; each asks for the claim of its name.
const (
	ScopeGroups = "groups"
	ScopeRoles  = "roles"
	// ScopeEntitlements is of the attribute of that name (RFC 9068 section 2.2.3.1).
	ScopeEntitlements = "entitlements"
)

// BuiltIn lists them.
func BuiltIn() []string { return []string{ScopeGroups, ScopeRoles, ScopeEntitlements} }

// Config is what a [Catalog] is made of, as somebody wrote it down.
type Config struct {
	// Default is for clients without rules; empty allows.
	Default Effect
	// Contact is whom people who are refused may ask: an address or a link; may be empty.
	Contact   string
	Scopes    []Scope
	Claims    []Claim
	Resources []Resource
	// Standard are the claims about a person that need no configuration, and Protocol
	// those of the protocol itself, which nobody may define.
	Standard, Protocol []string
	// SigningAlgs are those that a key signs with.
	SigningAlgs []string
}

// Scope is a scope of the installation's own.
type Scope struct {
	Name string
	// Claims are what it asks for about the person.
	Claims []string
	// Resource is the identifier of the resource server that it is of; empty is none.
	Resource string
	// Description says in plain words what a client may do, by language.
	Description map[string]string
}

// Claim is a claim of the installation's own: an attribute, or an expression.
type Claim struct{ Name, Attribute, Expression string }

// Resource is a resource server, and what access tokens for it are like (RFC 8707,
// RFC 9068). What is empty or zero is the client's own.
type Resource struct {
	Identifier string
	// Name is what people know it by; empty is none, see [Resource.Called].
	Name string
	// Format is jwt or opaque.
	Format     string
	Lifetime   time.Duration
	SigningAlg string
	// Claims are in each token for it, about the person.
	Claims []string
	// IntrospectedBy are the clients by which it asks about tokens that are for it.
	IntrospectedBy []string
	// Path is where it is below the issuer, where the provider serves it itself: clients
	// may call it by that address too. Empty: it is elsewhere.
	Path string
}

// Catalog is the configuration of access, scopes, claims and resources, compiled. It
// never changes. A nil Catalog is that of an installation that configured nothing.
type Catalog struct {
	policy    Policy
	contact   string
	scopes    []Scope
	values    map[string]maker
	claims    []string
	resources []Resource
}

// maker makes a claim of a person; nil is nothing.
type maker func(*Subject) (any, error)

// builtIn are the claims that exist by themselves. They are lists, empty ones too:
// software that looks for one finds it.
var builtIn = map[string]maker{
	ScopeGroups:       func(s *Subject) (any, error) { return listed(s.Groups), nil },
	ScopeRoles:        func(s *Subject) (any, error) { return listed(s.Roles), nil },
	ScopeEntitlements: func(s *Subject) (any, error) { return listed(texts(s.Attributes[ScopeEntitlements])), nil },
}

func listed(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

// builtInScopes are the scopes that exist by themselves. Nobody changes them.
var builtInScopes = func() (scopes []Scope) {
	for _, name := range BuiltIn() {
		scopes = append(scopes, Scope{Name: name, Claims: []string{name}})
	}
	return scopes
}()

// New compiles a configuration. The Catalog may be used only where there is no problem.
func New(cfg Config) (*Catalog, []Problem) {
	c := &Catalog{
		policy: Policy{Default: cfg.Default}, contact: cfg.Contact, scopes: slices.Concat(builtInScopes, cfg.Scopes),
		values: map[string]maker{}, resources: cfg.Resources,
	}
	problems := checkCatalog(&cfg)
	for i, claim := range cfg.Claims {
		made, problem := claim.compile()
		if problem != nil {
			problems = append(problems, Problem{indexed("claims", i) + "." + problem.Field, problem.Message})
			continue
		}
		c.values[claim.Name] = made
	}
	c.claims = slices.AppendSeq(BuiltIn(), maps.Keys(c.values))
	slices.Sort(c.claims)
	return c, problems
}

// compile returns what makes the claim.
func (c Claim) compile() (maker, *Problem) {
	switch {
	case c.Attribute != "" && c.Expression != "":
		return nil, &Problem{"expression", "a claim is an attribute or an expression; remove one of them"}
	case c.Attribute != "":
		return func(s *Subject) (any, error) { return s.Attributes[c.Attribute], nil }, nil
	case c.Expression == "":
		return nil, &Problem{"name", "say where the claim comes from: attribute or expression"}
	}
	expression, err := CompileExpression(c.Expression)
	if err != nil {
		return nil, &Problem{"expression", err.Error()}
	}
	return expression.Evaluate, nil
}

// Policy is that of a client with these rules.
func (c *Catalog) Policy(rules []Rule) *Policy {
	p := &Policy{Rules: rules}
	if c != nil {
		p.Default = c.policy.Default
	}
	return p
}

// Contact is whom people who are refused may ask; empty where nobody said.
func (c *Catalog) Contact() string {
	if c == nil {
		return ""
	}
	return c.contact
}

// Scopes are all scopes but the standard ones.
func (c *Catalog) Scopes() []Scope {
	if c == nil {
		return builtInScopes
	}
	return c.scopes
}

// Scope returns one of [Catalog.Scopes], or nil.
func (c *Catalog) Scope(name string) *Scope {
	scopes := c.Scopes()
	i := slices.IndexFunc(scopes, func(s Scope) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &scopes[i]
}

// Asks reports whether one of the scopes asks for the claim.
func (c *Catalog) Asks(scopes []string, claim string) bool {
	if len(scopes) == 0 {
		return false
	}
	for _, s := range c.Scopes() {
		if slices.Contains(s.Claims, claim) && slices.Contains(scopes, s.Name) {
			return true
		}
	}
	return false
}

// InScopes reports whether any scope but the standard ones asks for the claim.
func (c *Catalog) InScopes(claim string) bool {
	return slices.ContainsFunc(c.Scopes(), func(s Scope) bool { return slices.Contains(s.Claims, claim) })
}

// Claims are the names of all claims but the standard ones, sorted. The list is the
// catalog's: nobody changes it.
func (c *Catalog) Claims() []string {
	if c == nil {
		return builtInClaims
	}
	return c.claims
}

// builtInClaims are those of no catalog.
var builtInClaims = slices.Sorted(slices.Values(BuiltIn()))

// Value makes one of [Catalog.Claims]: as JSON has it, and nil where nothing is known
// of the person. An expression may fail on a person it did not expect.
func (c *Catalog) Value(claim string, s *Subject) (any, error) {
	makes, ok := builtIn[claim]
	if !ok && c != nil {
		makes, ok = c.values[claim]
	}
	if !ok {
		return nil, nil
	}
	return makes(s)
}

// Resource returns the resource server of an identifier, or nil.
func (c *Catalog) Resource(identifier string) *Resource {
	if c == nil {
		return nil
	}
	i := slices.IndexFunc(c.resources, func(r Resource) bool { return r.Identifier == identifier })
	if i < 0 {
		return nil
	}
	return &c.resources[i]
}

// Resources are all resource servers.
func (c *Catalog) Resources() []Resource {
	if c == nil {
		return nil
	}
	return c.resources
}

// ResourceOf is the identifier of the resource server that a scope is of; empty is none.
func (c *Catalog) ResourceOf(scope string) string {
	if s := c.Scope(scope); s != nil {
		return s.Resource
	}
	return ""
}

// ResourcesOf are the resource servers that the scopes are of, sorted.
func (c *Catalog) ResourcesOf(scopes []string) []string {
	var found []string
	for _, scope := range scopes {
		if r := c.ResourceOf(scope); r != "" {
			found = append(found, r)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Describe says in one of the languages, the best first, what a scope allows; empty
// where nobody wrote it.
func (s *Scope) Describe(languages ...string) string { return InLanguage(s.Description, languages...) }

// Describe is [Scope.Describe] of a scope by its name; empty for one that is not ours.
func (c *Catalog) Describe(scope string, languages ...string) string {
	if s := c.Scope(scope); s != nil {
		return s.Describe(languages...)
	}
	return ""
}
