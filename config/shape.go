package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/internal/clientcert"
)

// shape is what the struct tags say of a key: the one description that the
// file, the environment, the defaults, the schema and the documentation share.
type shape struct {
	key    string
	doc    string
	preset string // the default as it would be written
	oneOf  []string
	secret string       // "", "ref" or "url"
	typ    reflect.Type // of a scalar, without pointer
	kind   kind
	fields []*shape // of an object, in order
	index  int      // of the field in its struct
	elem   *shape   // of a list or a dictionary
}

type kind int

const (
	scalar kind = iota
	object
	list
	dict     // keys that nobody knows beforehand, such as languages
	anything // judged by who reads it
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	prefixType   = reflect.TypeFor[netip.Prefix]()
	secretType   = reflect.TypeFor[Secret]()
)

// enums are the values of enumerations that other packages own, for the tag
// oneof:"@name".
var enums = map[string][]string{
	"acr":                        client.ACRs(),
	"offline_policy":             wordsOf(client.OfflinePolicies()),
	"access_token_format":        wordsOf(client.AccessTokenFormats()),
	"access_token_type_header":   client.AccessTokenTypeHeaders(),
	"certificate_forms":          wordsOf(clientcert.Forms()),
	"client_type":                wordsOf(client.Types()),
	"consent":                    wordsOf(client.ConsentPolicies()),
	"exchange_semantics":         wordsOf(client.ExchangeSemanticsList()),
	"factors":                    wordsOf(client.SecondFactors()),
	"grant_types":                client.GrantTypes(),
	"request_object_algs":        client.RequestObjectAlgs(),
	"registration_mode":          wordsOf(registration.Modes()),
	"response_modes":             client.ResponseModes(),
	"response_types":             client.ResponseTypes(),
	"subject_type":               client.SubjectTypes(),
	"signing_alg":                client.SigningAlgs(),
	"encryption_alg":             client.EncryptionAlgs(),
	"content_encryption":         client.ContentEncryptions(),
	"key_encryption_alg":         {"RSA-OAEP-256", "ECDH-ES"},
	"token_endpoint_auth_method": client.AuthMethods(),
}

// enumOf reads the tag oneof.
func enumOf(tag string) []string {
	name, shared := strings.CutPrefix(tag, "@")
	if !shared {
		return strings.Fields(tag)
	}
	values, ok := enums[name]
	if !ok {
		panic(fmt.Sprintf("no enumeration is called %q", name)) // a typo in a tag
	}
	return values
}

func wordsOf[T ~string](values []T) []string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return words
}

// root is the shape of Config.
var root = shapeOf(reflect.TypeFor[Config](), "")

func shapeOf(t reflect.Type, tag reflect.StructTag) *shape {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s := &shape{
		key: tag.Get("yaml"), doc: tag.Get("doc"), preset: tag.Get("default"),
		oneOf: enumOf(tag.Get("oneof")), secret: tag.Get("secret"), typ: t,
	}
	switch {
	case t == timeType || t == prefixType || t == secretType:
	case t.Kind() == reflect.Struct:
		s.kind = object
		for f := range t.Fields() {
			if f.Tag.Get("yaml") != "-" {
				field := shapeOf(f.Type, f.Tag)
				field.index = f.Index[0]
				s.fields = append(s.fields, field)
			}
		}
		s.presetFields()
	case t.Kind() == reflect.Slice:
		s.kind = list
		s.elem = shapeOf(t.Elem(), "")
		s.elem.oneOf, s.elem.secret = s.oneOf, s.secret
	case t.Kind() == reflect.Map:
		s.kind = dict
		s.elem = shapeOf(t.Elem(), "")
	case t.Kind() == reflect.Interface:
		s.kind = anything
	}
	return s
}

// presetFields hands the default of an object, such as free=5,base=1m, on to
// its keys: so one struct has other defaults at another place.
func (s *shape) presetFields() {
	for item := range strings.SplitSeq(s.preset, ",") {
		key, value, found := strings.Cut(item, "=")
		if f := s.field(key); found && f != nil {
			f.preset = value
		} else if s.preset != "" {
			panic(fmt.Sprintf("default %q of %s names no key", item, s.key)) // a typo in a tag
		}
	}
	s.preset = ""
}

// field returns the shape of an object's key, or nil.
func (s *shape) field(key string) *shape {
	for _, f := range s.fields {
		if f.key == key {
			return f
		}
	}
	return nil
}

// hasID reports whether the elements of a list are told apart by an id.
func (s *shape) hasID() bool {
	id := s.field("id")
	return id != nil && id.typ.Kind() == reflect.String
}

func (s *shape) keys() []string {
	keys := make([]string, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
	}
	return keys
}

// noun says what the file should hold at a key of this shape.
func (s *shape) noun() string {
	switch s.kind {
	case object, dict:
		return "a mapping (key: value)"
	case list:
		return "a list"
	default:
		return "one value"
	}
}

// isText reports whether a variable's text is the value, or a list of values.
func (s *shape) isText() bool {
	return s.kind == scalar || s.kind == list && s.elem.kind == scalar
}

// walk visits the shape and what is below it, except inside lists.
func (s *shape) walk(path string, visit func(path string, s *shape)) {
	visit(path, s)
	for _, f := range s.fields {
		f.walk(joinPath(path, f.key), visit)
	}
}

// defaults returns what the default tags say, by dotted path.
func (s *shape) defaults() map[string]any {
	values := map[string]any{}
	s.walk("", func(path string, s *shape) {
		switch {
		case s.preset == "":
		case s.kind == list:
			values[path] = splitList(s.preset)
		default:
			values[path] = s.preset
		}
	})
	return values
}

// check reports why text cannot be a value of the scalar shape s.
func (s *shape) check(text string) error {
	if len(s.oneOf) > 0 && !slices.Contains(s.oneOf, text) {
		return fmt.Errorf("%q is not supported; use %s", text, client.OrList(s.oneOf))
	}
	_, err := parseScalar(text, s.typ)
	return err
}
