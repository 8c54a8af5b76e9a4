package config

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// leaf is a key that holds a value, with index 0 of every list on the way.
type leaf struct {
	path  string
	shape *shape
}

func leaves(path string, s *shape) []leaf {
	var all []leaf
	switch {
	case s.kind == object:
		for _, f := range s.fields {
			all = append(all, leaves(joinPath(path, f.key), f)...)
		}
	case s.kind == list && s.elem.kind == object:
		all = leaves(indexPath(path, 0), s.elem)
	default:
		all = []leaf{{path, s}}
	}
	return all
}

// sample is a value that no default has.
func sample(s *shape) string {
	switch {
	case s.kind == dict && s.elem.kind == list:
		return "{Sample: [" + sample(s.elem) + "]}"
	case s.kind == dict:
		return "{Sample: " + sample(s.elem) + "}"
	case s.kind == anything:
		return "[sample]"
	case s.kind == list:
		return sample(s.elem)
	case len(s.oneOf) > 0:
		return s.oneOf[len(s.oneOf)-1]
	case s.typ == durationType:
		return "7m"
	case s.typ == timeType:
		return "2029-01-31T00:00:00Z"
	case s.typ == prefixType:
		return "192.0.2.0/24"
	case s.typ.Kind() == reflect.Bool:
		return fmt.Sprint(s.preset != "true")
	case s.typ.Kind() == reflect.Uint8:
		return "77"
	case s.typ.Kind() == reflect.String, s.typ == secretType:
		return "sample"
	}
	return "777"
}

// valueAt follows a path through a Config.
func valueAt(t *testing.T, c *Config, path string) any {
	t.Helper()
	v, s := reflect.ValueOf(c).Elem(), root
	for key := range strings.SplitSeq(path, ".") {
		key, indexed := strings.CutSuffix(key, "[0]")
		i := 0
		for ; s.fields[i].key != key; i++ {
		}
		v, s = v.Field(i), s.fields[i]
		if indexed {
			v, s = v.Index(0), s.elem
		}
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if secret, ok := v.Interface().(Secret); ok {
		return secret.Reveal()
	}
	return v.Interface()
}

func TestEveryKeyHasAnEnvironmentOverride(t *testing.T) {
	names := strings.NewReplacer(".", "_", "[", "_", "]", "")
	for _, leaf := range leaves("", root) {
		t.Run(leaf.path, func(t *testing.T) {
			text := sample(leaf.shape)
			name := envPrefix + strings.ToUpper(names.Replace(leaf.path))
			if leaf.path == "clients_dir" {
				text = t.TempDir()
			}
			setenv(t, map[string]string{name: text})
			l := newLoader(LoadOptions{})
			c, err := l.read()
			if err != nil {
				t.Fatal(err)
			}
			checkProblems(t, problemsOf(t, l.err("")), nil)
			scalarShape := leaf.shape
			if scalarShape.kind == list {
				scalarShape = scalarShape.elem
			}
			got := valueAt(t, c, leaf.path)
			if scalarShape.kind != scalar { // as YAML, whose keys keep their case
				if printed := strings.NewReplacer("{", "map[", "}", "]", ": ", ":").Replace(text); fmt.Sprint(got) != printed {
					t.Errorf("%s=%s gave %v", name, text, got)
				}
				return
			}
			want, err := parseScalar(text, scalarShape.typ)
			if err != nil {
				t.Fatal(err)
			}
			if leaf.shape.kind == list {
				got = reflect.ValueOf(got).Index(0).Interface()
			}
			if secret, ok := want.(Secret); ok {
				want = secret.Reveal()
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s=%s gave %v", name, text, got)
			}
		})
	}
}

func TestEnvironmentChangesOneClient(t *testing.T) {
	vars := serveEnv()
	maps.Copy(vars, map[string]string{
		"LATCHKEY_CLIENTS_0_SECRET":        keyFour,
		"LATCHKEY_CLIENTS_0_REDIRECT_URIS": "https://a.example/one, https://a.example/two",
		"LATCHKEY_CLIENTS_1_ID":            "b",
		"LATCHKEY_CLIENTS_1_TYPE":          "service",
		"LATCHKEY_CLIENTS_1_SECRET":        "env:STRONG_TOO_2",
		"STRONG_TOO_2":                     "zzXcVbNmAsDfGhJkLqWeRtYuIoP0123456789-_aBcDe",
		"LATCHKEY_REDIS_URL":               "",
	})
	c := mustLoad(t, clientYAML("id: a", "name: Kept", "secret: env:STRONG", "redirect_uris: [https://a.example/cb]"), vars)
	a, b := c.Clients[0], c.Clients[1]
	if a.Name != "Kept" || a.Secret.Reveal() != keyFour {
		t.Errorf("client a: name %q, secret overridden %t", a.Name, a.Secret.Reveal() == keyFour)
	}
	if diff := cmp.Diff([]string{"https://a.example/one", "https://a.example/two"}, a.RedirectURIs); diff != "" {
		t.Error(diff)
	}
	if b.ID != "b" || b.Secret.Reveal() != vars["STRONG_TOO_2"] {
		t.Errorf("client b: id %q, secret by reference %t", b.ID, b.Secret.Reveal() == vars["STRONG_TOO_2"])
	}
	if !c.Redis.URL.IsZero() {
		t.Error("an empty variable is not the same as none")
	}
}

func TestEnvironmentHoldsAWholeList(t *testing.T) {
	vars := serveEnv()
	vars["LATCHKEY_CLIENTS"] = `[{"id": "a", "type": "public", "redirect_uris": ["https://a.example/cb"]}]`
	c := mustLoad(t, clientYAML("id: gone", "type: public", "redirect_uris: [https://b.example/cb]"), vars)
	if len(c.Clients) != 1 || c.Clients[0].ID != "a" {
		t.Errorf("got %d clients", len(c.Clients))
	}
}

func TestEnvironmentProblems(t *testing.T) {
	runValidatorCases(t, map[string]validatorCase{
		"bad value": {vars: map[string]string{"LATCHKEY_SESSIONS_IDLE": "long"}, want: []string{`sessions.idle (LATCHKEY_SESSIONS_IDLE): "long" is not a duration`}},
		"bad item":  {vars: map[string]string{"LATCHKEY_SIGNING_KEYS_ALGS": "RS256,ES256,PS512"}, want: []string{`signing_keys.algs[2] (LATCHKEY_SIGNING_KEYS_ALGS): "PS512" is not supported`}},
		"gap":       {vars: map[string]string{"LATCHKEY_CLIENTS_1_ID": "b"}, want: []string{"clients[1].id (LATCHKEY_CLIENTS_1_ID): there are 0 entries, so the next index is 0"}},
		"typo in a list": {
			vars: map[string]string{"LATCHKEY_CLIENTS": "[{id: a, type: public, redirect_uri: https://a.example/cb}]"},
			want: []string{"clients[0].redirect_uri (LATCHKEY_CLIENTS line 1): unknown key, did you mean redirect_uris?"},
		},
		"not a list": {vars: map[string]string{"LATCHKEY_CLIENTS": "a"}, want: []string{"clients (LATCHKEY_CLIENTS): expected a list here"}},
	})
}

func TestUnknownVariablesAreWarnedOf(t *testing.T) {
	vars := serveEnv()
	maps.Copy(vars, map[string]string{
		"LATCHKEY_DATABSE_URL":          "postgres://db/x",
		"LATCHKEY_SERVICE_HOST":         "10.0.0.1",
		"LATCHKEY_PORT_8080_TCP":        "tcp://10.0.0.1:8080",
		"LATCHKEY_SERVICE_PORT_METRICS": "9090",
	})
	c := mustLoad(t, "", vars)
	var got []string
	for _, w := range c.Warnings {
		got = append(got, w.String())
	}
	checkProblems(t, got, []string{"LATCHKEY_DATABSE_URL: no key has this name"})
}
