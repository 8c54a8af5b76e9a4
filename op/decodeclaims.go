package op

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// decodeClaims decodes the header or the claims of somebody else's JWT into a struct.
// Names are case-sensitive (RFC 7515 section 5.3, RFC 7519 section 7.3); encoding/json
// alone takes Exp for exp, so that we would believe what other readers do not see.
func decodeClaims(raw []byte, into any) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if members == nil {
		return errors.New("decode: it is no JSON object")
	}
	return decodeMembers(members, into)
}

// decodeMembers does the same with the members of an object, each by its exact name.
func decodeMembers(members map[string]json.RawMessage, into any) error {
	object := reflect.ValueOf(into).Elem()
	for _, field := range reflect.VisibleFields(object.Type()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		raw, has := members[name]
		if !has {
			continue
		}
		value := object.FieldByIndex(field.Index)
		decode := json.Unmarshal
		if field.Type.Kind() == reflect.Pointer && field.Type.Elem().Kind() == reflect.Struct && string(raw) != "null" {
			value.Set(reflect.New(field.Type.Elem()))
			value, decode = value.Elem(), decodeClaims
		}
		if err := decode(raw, value.Addr().Interface()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
