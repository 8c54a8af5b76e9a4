package client

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// nameAttribute is one attribute of a distinguished name.
type nameAttribute struct{ kind, value string }

// distinguishedName is a subject as its relative names, the most significant last as
// RFC 4514 writes it; a relative name of several attributes is a set.
type distinguishedName [][]nameAttribute

// attributeKinds are the short names of RFC 4514 section 3, and those that tools write
// besides, with their object identifiers.
var attributeKinds = map[string]string{
	"CN": "2.5.4.3", "SN": "2.5.4.4", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "STREET": "2.5.4.9",
	"O": "2.5.4.10", "OU": "2.5.4.11", "TITLE": "2.5.4.12", "POSTALCODE": "2.5.4.17", "GN": "2.5.4.42", "ORGANIZATIONIDENTIFIER": "2.5.4.97",
	"UID": "0.9.2342.19200300.100.1.1", "DC": "0.9.2342.19200300.100.1.25", "EMAILADDRESS": "1.2.840.113549.1.9.1",
}

// maxName bounds a distinguished name that somebody writes down, in bytes.
const maxName = 2048

// parseDistinguishedName reads the text form of RFC 4514. A value that is written as
// its encoding (#04…) is refused: it would have to be compared as bytes.
func parseDistinguishedName(text string) (distinguishedName, error) {
	switch {
	case len(text) > maxName:
		return nil, fmt.Errorf("it is longer than %d bytes", maxName)
	case !utf8.ValidString(text) || strings.TrimSpace(text) == "":
		return nil, errors.New("write it as in RFC 4514, such as CN=orders,O=Acme,C=DE")
	}
	var name distinguishedName
	for rest, more := text, true; more; {
		var relative []nameAttribute
		for again := true; again; {
			attribute, end, after, err := readAttribute(rest)
			if err != nil {
				return nil, err
			}
			relative, rest = append(relative, attribute), after
			again, more = end == '+', end == ','
		}
		name = append(name, sorted(relative))
	}
	return name, nil
}

// readAttribute reads one attribute and what ends it: a comma, a plus sign, or 0.
func readAttribute(text string) (attribute nameAttribute, end byte, rest string, err error) {
	kind, rest, found := strings.Cut(text, "=")
	if attribute.kind = kindOf(strings.TrimSpace(kind)); !found || attribute.kind == "" {
		return nameAttribute{}, 0, "", fmt.Errorf("%.40q is not an attribute type: write it like CN=, O= or 2.5.4.3=", strings.TrimSpace(kind))
	}
	if strings.HasPrefix(strings.TrimLeft(rest, " "), "#") {
		return nameAttribute{}, 0, "", errors.New("write values as text, not as their encoding in hexadecimal digits")
	}
	value, end, rest, err := readValue(rest)
	if err != nil {
		return nameAttribute{}, 0, "", err
	}
	if attribute.value = prepared(value); attribute.value == "" {
		return nameAttribute{}, 0, "", errors.New("an attribute has no value")
	}
	return attribute, end, rest, nil
}

// readValue reads a value, whose special characters are escaped (RFC 4514 section 2.4).
func readValue(text string) (value string, end byte, rest string, err error) {
	var read strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ',', '+':
			return read.String(), c, text[i+1:], nil
		case '"', ';', '<', '>', 0:
			return "", 0, "", fmt.Errorf("escape %q with a backslash", c)
		case '\\':
			if i+1 == len(text) {
				return "", 0, "", errors.New("it ends with a backslash")
			}
			if raw, err := hex.DecodeString(text[i+1 : min(i+3, len(text))]); err == nil && len(raw) == 1 {
				read.WriteByte(raw[0])
				i += 2
				continue
			}
			i++
			if !strings.ContainsRune(`"+,;<> #=\`, rune(text[i])) {
				return "", 0, "", errors.New("a backslash escapes a character that needs no escaping")
			}
			read.WriteByte(text[i])
		default:
			read.WriteByte(c)
		}
	}
	if !utf8.ValidString(read.String()) {
		return "", 0, "", errors.New("a value is not UTF-8")
	}
	return read.String(), 0, "", nil
}

// kindOf is the object identifier that a name of an attribute stands for; empty where
// it is none.
func kindOf(name string) string {
	if oid, known := attributeKinds[strings.ToUpper(name)]; known {
		return oid
	}
	arcs := strings.Split(name, ".")
	for _, arc := range arcs {
		if n, err := strconv.ParseUint(arc, 10, 31); err != nil || strconv.FormatUint(n, 10) != arc {
			return ""
		}
	}
	if len(arcs) < 2 {
		return ""
	}
	return name
}

// subjectOf reads the subject of a certificate as it is encoded.
func subjectOf(encoded []byte) (distinguishedName, error) {
	var sequence pkix.RDNSequence
	if rest, err := asn1.Unmarshal(encoded, &sequence); err != nil || len(rest) > 0 {
		return nil, errors.New("the subject of the certificate cannot be read")
	}
	var name distinguishedName
	for _, set := range sequence {
		var relative []nameAttribute
		for _, attribute := range set {
			text, is := attribute.Value.(string)
			if !is {
				return nil, errors.New("the subject of the certificate has a value that is not text")
			}
			relative = append(relative, nameAttribute{kind: attribute.Type.String(), value: prepared(text)})
		}
		name = append(name, sorted(relative))
	}
	slices.Reverse(name) // RFC 4514 section 2.1 begins with the last
	return name, nil
}

// prepared is how a value is compared: whatever its case and however many spaces it
// has (caseIgnoreMatch, RFC 4517 section 4.2.11).
func prepared(value string) string {
	return strings.ToLower(strings.Join(strings.Fields(value), " "))
}

func sorted(relative []nameAttribute) []nameAttribute {
	slices.SortFunc(relative, func(a, b nameAttribute) int {
		if a.kind != b.kind {
			return strings.Compare(a.kind, b.kind)
		}
		return strings.Compare(a.value, b.value)
	})
	return relative
}

// equal is distinguishedNameMatch (RFC 4517 section 4.2.15).
func (n distinguishedName) equal(other distinguishedName) bool {
	return len(n) > 0 && slices.EqualFunc(n, other, slices.Equal[[]nameAttribute])
}
