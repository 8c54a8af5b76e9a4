package scim

import (
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account/attribute"
)

// The names of schemas and messages.
const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	errorURN      = "urn:ietf:params:scim:api:messages:2.0:Error"
	listURN       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	patchURN      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	bulkURN       = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkedURN     = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// attr is an attribute of a schema (RFC 7643 section 7): what is not in one of these
// tables is not read (mass assignment, requirement RE4).
type attr struct {
	name, typ, doc                              string
	multi, required, exact, readOnly, immutable bool
	unique                                      bool
	canonical                                   []string
	sub                                         []attr
}

func text(name, doc string) attr { return attr{name: name, typ: "string", doc: doc} }

// valued is a list of values with a type, as most lists of a person are.
func valued(name, doc string, typ string, kinds ...string) attr {
	kind := text("type", "What it is for.")
	kind.canonical = kinds
	return attr{name: name, typ: "complex", multi: true, doc: doc, sub: []attr{
		{name: "value", typ: typ, doc: "The value."}, text("display", "How it is shown."), kind,
		{name: "primary", typ: "boolean", doc: "Whether it is the preferred one; one of them is."},
	}}
}

var userAttrs = []attr{
	{name: "userName", typ: "string", required: true, unique: true, doc: "The name of the person at the source. It is one to sign in with where it is an email address, or can be a username."},
	{name: "name", typ: "complex", doc: "The parts of the name.", sub: []attr{
		text("formatted", "The whole name."), text("familyName", "The family name."), text("givenName", "The given name."), text("middleName", "The middle name."),
		text("honorificPrefix", "A title before the name."), text("honorificSuffix", "A title behind the name."),
	}},
	text("displayName", "The name as it is shown."), text("nickName", "What the person is called."),
	{name: "profileUrl", typ: "reference", exact: true, doc: "A page about the person."},
	text("title", "The job title."), text("userType", "How the person belongs to the organization."), text("preferredLanguage", "The preferred language."),
	text("locale", "The language of texts (BCP 47)."), text("timezone", "The time zone (IANA)."),
	{name: "active", typ: "boolean", doc: "Whether the person may sign in. One whom others keep out stays out."},
	valued("emails", "Email addresses: the primary one, or the first, is that of the account.", "string", "work", "home", "other"),
	valued("phoneNumbers", "Telephone numbers: none of them is a second factor.", "string", "work", "home", "mobile", "fax", "pager", "other"),
	valued("photos", "Pictures of the person.", "reference", "photo", "thumbnail"),
	{name: "addresses", typ: "complex", multi: true, doc: "Postal addresses: the primary one, or the first, is that of the account.", sub: []attr{
		text("formatted", "The whole address."), text("streetAddress", "The street."), text("locality", "The city."), text("region", "The state or region."),
		text("postalCode", "The postal code."), text("country", "The country."), text("type", "What it is for."),
		{name: "primary", typ: "boolean", doc: "Whether it is the preferred one."},
	}},
	{name: "groups", typ: "complex", multi: true, readOnly: true, doc: "The groups of the same source that the person is in.", sub: []attr{
		{name: "value", typ: "string", readOnly: true, exact: true, doc: "The id of the group."},
		{name: "$ref", typ: "reference", readOnly: true, exact: true, doc: "Its address."},
		{name: "display", typ: "string", readOnly: true, doc: "Its name."},
	}},
}

var enterpriseAttrs = []attr{
	text("employeeNumber", "The number of the person at the organization."), text("costCenter", "The cost center."), text("organization", "The organization."),
	text("division", "The division."), text("department", "The department."),
	{name: "manager", typ: "complex", doc: "The manager.", sub: []attr{
		{name: "value", typ: "string", exact: true, doc: "The id of the manager."}, {name: "$ref", typ: "reference", exact: true, doc: "Their address."},
		text("displayName", "Their name."),
	}},
}

var groupAttrs = []attr{
	{name: "displayName", typ: "string", required: true, unique: true, doc: "The name of the group, which tokens carry and rules of access speak of."},
	{name: "members", typ: "complex", multi: true, doc: "People of the same source.", sub: []attr{
		{name: "value", typ: "string", exact: true, immutable: true, doc: "The id of the person."},
		{name: "$ref", typ: "reference", exact: true, immutable: true, doc: "Their address."},
		{name: "type", typ: "string", immutable: true, canonical: []string{"User"}, doc: "User: groups are not nested."},
	}},
}

// common are attributes of every resource (RFC 7643 section 3.1), for filters.
var common = []attr{
	{name: "id", typ: "string", exact: true, readOnly: true}, {name: "externalId", typ: "string", exact: true},
	{name: "schemas", typ: "reference", multi: true, exact: true, readOnly: true},
	{name: "meta", typ: "complex", readOnly: true, sub: []attr{
		{name: "resourceType", typ: "string", exact: true}, {name: "created", typ: "dateTime"}, {name: "lastModified", typ: "dateTime"},
		{name: "location", typ: "reference", exact: true}, {name: "version", typ: "string", exact: true},
	}},
}

// kind is a type of resources.
type kind struct {
	name, endpoint, urn, doc string
	attrs                    []attr
	extensions               []extension
}

// extension is a schema that adds attributes to a kind (RFC 7643 section 3.3).
type extension struct {
	urn, name, doc string
	attrs          []attr
}

var (
	enterprise = extension{urn: enterpriseURN, name: "EnterpriseUser", doc: "A person of an organization.", attrs: enterpriseAttrs}
	groups     = kind{name: "Group", endpoint: "/Groups", urn: groupURN, doc: "A group of people.", attrs: slices.Concat(common, groupAttrs)}
)

// usersWith is the kind of people, with the custom attributes of the installation.
func usersWith(custom attribute.Schema) *kind {
	k := &kind{name: "User", endpoint: "/Users", urn: userURN, doc: "A person.", attrs: slices.Concat(common, userAttrs), extensions: []extension{enterprise}}
	if e := extended(custom); len(e.attrs) > 0 {
		k.extensions = append(k.extensions, e)
	}
	return k
}

// extension is the one of the name, in any case; nil: there is none.
func (k *kind) extension(urn string) *extension {
	for i := range k.extensions {
		if strings.EqualFold(k.extensions[i].urn, urn) {
			return &k.extensions[i]
		}
	}
	return nil
}

// find is the attribute of the name, in any case (RFC 7643 section 2.1).
func find(attrs []attr, name string) *attr {
	for i := range attrs {
		if strings.EqualFold(attrs[i].name, name) {
			return &attrs[i]
		}
	}
	return nil
}

// within are the attributes of a schema by its URN; empty is the core. They are read
// from, and written to, the map that it names of a document.
func (k *kind) within(urn string) (attrs []attr, key string, ok bool) {
	if urn == "" || strings.EqualFold(urn, k.urn) {
		return k.attrs, "", true
	}
	if e := k.extension(urn); e != nil {
		return e.attrs, e.urn, true
	}
	return nil, "", false
}

// described is an attribute as a schema shows it.
func described(a *attr) map[string]any {
	shown := map[string]any{
		"name": a.name, "type": a.typ, "description": a.doc, "multiValued": a.multi, "required": a.required, "caseExact": a.exact,
		"mutability": "readWrite", "returned": "default", "uniqueness": "none",
	}
	switch {
	case a.readOnly:
		shown["mutability"] = "readOnly"
	case a.immutable:
		shown["mutability"] = "immutable"
	}
	if a.unique {
		shown["uniqueness"] = "server"
	}
	if a.canonical != nil {
		shown["canonicalValues"] = a.canonical
	}
	if a.typ == "reference" {
		shown["referenceTypes"] = []string{"external"}
		if a.name == "$ref" {
			shown["referenceTypes"] = []string{"User", "Group"}
		}
	}
	if a.sub != nil {
		var sub []any
		for i := range a.sub {
			sub = append(sub, described(&a.sub[i]))
		}
		shown["subAttributes"] = sub
	}
	return shown
}

// schema is a schema as /Schemas shows it.
func (s *Server) schema(urn, name, doc string, attrs []attr) map[string]any {
	var shown []any
	for i := range attrs {
		shown = append(shown, described(&attrs[i]))
	}
	return map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": urn, "name": name, "description": doc, "attributes": shown,
		"meta": map[string]any{"resourceType": "Schema", "location": s.base() + "/Schemas/" + urn},
	}
}

// discovery is what a source may read of the service, by its address.
func (s *Server) discovery() map[string]map[string]any {
	found := map[string]map[string]any{
		"/ServiceProviderConfig": {
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
			"patch":   map[string]any{"supported": true}, "etag": map[string]any{"supported": true},
			"bulk":           map[string]any{"supported": true, "maxOperations": maxBulk, "maxPayloadSize": s.cfg.MaxBody},
			"filter":         map[string]any{"supported": true, "maxResults": maxPage},
			"changePassword": map[string]any{"supported": false}, "sort": map[string]any{"supported": false},
			"authenticationSchemes": []any{map[string]any{
				"type": "oauthbearertoken", "name": "Bearer token", "description": "The token of a source, or an access token of its client", "primary": true,
			}},
			"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": s.base() + "/ServiceProviderConfig"},
		},
		"/Schemas/" + userURN:  s.schema(userURN, "User", s.users.doc, userAttrs),
		"/Schemas/" + groupURN: s.schema(groupURN, "Group", groups.doc, groupAttrs),
	}
	for _, k := range []*kind{s.users, &groups} {
		path := "/ResourceTypes/" + k.name
		found[path] = map[string]any{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": k.name, "name": k.name, "description": k.doc,
			"endpoint": k.endpoint, "schema": k.urn, "meta": map[string]any{"resourceType": "ResourceType", "location": s.base() + path},
		}
		var more []any
		for i := range k.extensions {
			e := &k.extensions[i]
			found["/Schemas/"+e.urn] = s.schema(e.urn, e.name, e.doc, e.attrs)
			more = append(more, map[string]any{"schema": e.urn, "required": false})
		}
		if more != nil {
			found[path]["schemaExtensions"] = more
		}
	}
	for _, list := range []string{"/Schemas", "/ResourceTypes"} {
		var all []any
		for _, path := range slices.Sorted(maps.Keys(found)) {
			if strings.HasPrefix(path, list+"/") {
				all = append(all, found[path])
			}
		}
		found[list] = listed(all, len(all), 1)
	}
	return found
}

func listed(resources []any, total, from int) map[string]any {
	if resources == nil {
		resources = []any{}
	}
	return map[string]any{"schemas": []string{listURN}, "totalResults": total, "startIndex": from, "itemsPerPage": len(resources), "Resources": resources}
}
