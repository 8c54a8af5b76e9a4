package scim

import (
	"cmp"
	"reflect"

	"github.com/latchkey-id/latchkey/account/attribute"
)

// customURN names the schema of the custom attributes that an installation declares.
const customURN = "urn:ietf:params:scim:schemas:extension:latchkey:2.0:User"

// extended are custom attributes as a schema extension (RFC 7643 section 3.3). A source
// may set each of them, as an import may; it reads again what it said itself, and never
// what others keep of the person: the marks of privacy are for those who read accounts.
// Entitlements are left out: like roles they are permission, and no source gives any.
func extended(custom attribute.Schema) extension {
	e := extension{urn: customURN, name: "LatchkeyUser", doc: "Attributes that this installation keeps of people."}
	for i := range custom {
		d := &custom[i]
		if d.Name == attribute.Entitlements {
			continue
		}
		a := attr{
			name: d.Name, exact: true, multi: d.Type == attribute.List, canonical: d.Options,
			doc: cmp.Or(attribute.TextIn(d.Help, "en"), attribute.TextIn(d.Labels, "en"), d.Name),
		}
		switch d.Type {
		case attribute.Boolean:
			a.typ, a.exact = "boolean", false
		case attribute.Number:
			a.typ, a.exact = "decimal", false
		case attribute.String, attribute.Date, attribute.List: // a date is a day, and dateTime has a time
			a.typ = "string"
		}
		e.attrs = append(e.attrs, a)
	}
	return e
}

// attributesOf are the custom attributes by which a document differs from the one before;
// nil takes one away. What the source says anew counts, and what others set since stays.
func (k *kind) attributesOf(doc, before object) map[string]any {
	e := k.extension(customURN)
	if e == nil {
		return nil
	}
	now, _ := doc[customURN].(object)
	was, _ := before[customURN].(object)
	set := map[string]any{}
	for i := range e.attrs {
		name := e.attrs[i].name
		if !reflect.DeepEqual(now[name], was[name]) {
			set[name] = now[name]
		}
	}
	return set
}

// declared drops from a document the custom attributes that the installation declares no
// more.
func (k *kind) declared(doc object) {
	was, ok := doc[customURN].(object)
	if !ok {
		return
	}
	delete(doc, customURN)
	kept := object{}
	if e := k.extension(customURN); e != nil {
		for i := range e.attrs {
			if value, has := was[e.attrs[i].name]; has {
				kept[e.attrs[i].name] = value
			}
		}
	}
	if len(kept) > 0 {
		doc[customURN] = kept
	}
}
