package eventfeed

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

var full = storage.Event{
	ID: "01a270a8afed3806668bba003c3958ab", At: time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC), Type: storage.EventSignIn, Outcome: storage.Success,
	ActorKind: storage.ActorPerson, ActorID: "01a270a8afed3806668bba003c395800", UserID: "01a270a8afed3806668bba003c395800", ClientID: "wiki",
	GrantID: "01a270a8afed3806668bba003c395801", SID: "01a270a8afed3806668bba003c395802", Address: "192.0.2.7", UserAgent: "Test/1",
	RequestID: "r1", Detail: "password", Seq: 7,
}

// The schema names what is written, and nothing else.
func TestTheSchemaIsThatOfEvents(t *testing.T) {
	t.Parallel()
	var schema struct {
		Required   []string                   `json:"required"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	fields := reflect.TypeFor[Event]()
	for i := range fields.NumField() {
		name, rest, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if _, ok := schema.Properties[name]; !ok {
			t.Errorf("%s is not in the schema", name)
		}
		if slices.Contains(schema.Required, name) == (rest == "omitempty") {
			t.Errorf("%s: required is wrong", name)
		}
		delete(schema.Properties, name)
	}
	if len(schema.Properties) > 0 {
		t.Errorf("nothing writes %v", schema.Properties)
	}
	// What an event holds is written, but for the hash of what was typed.
	text, err := json.Marshal(Of(full))
	if err != nil {
		t.Fatal(err)
	}
	values := reflect.ValueOf(full)
	for i := range values.NumField() {
		if name := values.Type().Field(i).Name; name != "IdentifierHash" && name != "At" && values.Field(i).Kind() == reflect.String &&
			!strings.Contains(string(text), values.Field(i).String()) {
			t.Errorf("%s is not written: %s", name, text)
		}
	}
}

func TestECSHasWhatTheSchemaAllows(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{
		"authentication": {"start", "info"}, "session": {"end"}, "iam": {"creation", "deletion", "change", "group", "info"}, "configuration": {"change"},
	}
	for _, typ := range storage.EventTypes() {
		category, kind := categoryOf(typ)
		if !slices.Contains(allowed[category], kind) {
			t.Errorf("%s: %s, %s", typ, category, kind)
		}
	}
	text, err := json.Marshal(ECS(full))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{
		"@timestamp": "2027-01-31T12:00:00.000000Z", "event.id": string(full.ID), "event.action": "sign_in", "event.outcome": "success", "event.sequence": 7.0,
		"event.kind": "event", "event.reason": "password", "user.id": string(full.UserID), "source.ip": "192.0.2.7", "source.address": "192.0.2.7",
		"user_agent.original": "Test/1", "http.request.id": "r1", "latchkey.client_id": "wiki", "latchkey.sid": string(full.SID), "ecs.version": "8.11.0",
	} {
		var at any = got
		for _, key := range strings.Split(path, ".") {
			inner, _ := at.(map[string]any)
			at = inner[key]
		}
		if at != want {
			t.Errorf("%s = %v, want %v", path, at, want)
		}
	}
}

// The signature is that of Standard Webhooks: its reference libraries have these values
// in their tests.
func TestSignatureOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	key, err := ReadSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	for _, bad := range []string{"", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_short", "whsec_%%%", "whsec_" + strings.Repeat("AAAA", 30)} {
		if _, err := ReadSecret(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	made, err := NewSecret(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSecret(made); err != nil {
		t.Error(err)
	}
	if _, err := NewSecret(strings.NewReader("few")); err == nil {
		t.Error("a secret of too few bytes")
	}
}

// halfWriter takes nothing.
type halfWriter struct{}

var errFull = errors.New("full")

func (halfWriter) Write([]byte) (int, error) { return 0, errFull }

func TestAStreamThatIsFullSaysSo(t *testing.T) {
	t.Parallel()
	if err := (Stream{To: Stdout, Stdout: halfWriter{}}).write([]storage.Event{full}); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
	if err := (Stream{To: t.TempDir()}).write([]storage.Event{full}); err == nil {
		t.Error("a folder was written to")
	}
}

// The documentation has every type and every field.
func TestDocumentationHasEveryTypeAndField(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range storage.EventTypes() {
		if !strings.Contains(string(text), "| `"+string(typ)+"` | ") {
			t.Errorf("docs/events.md does not have the type %s", typ)
		}
	}
	fields := reflect.TypeFor[Event]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/events.md does not have the field %s", name)
		}
	}
}
