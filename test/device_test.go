package test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// askDevice asks as a device does, and returns its device code and what it shows.
func (rp *relyingParty) askDevice(t *testing.T, via *http.Client) (deviceCode, userCode string) {
	t.Helper()
	response, err := via.PostForm(rp.issuer+"/device_authorization", url.Values{"client_id": {rp.id}, "scope": {"openid offline_access"}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var said struct {
		DeviceCode string `json:"device_code"`
		UserCode   string `json:"user_code"`
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(body, &said) != nil {
		t.Fatalf("a device is answered %d %s, %v", response.StatusCode, body, err)
	}
	return said.DeviceCode, said.UserCode
}

// poll asks whether somebody decided, without a secret.
func (rp *relyingParty) poll(via *http.Client, deviceCode string) answer {
	form := url.Values{"client_id": {rp.id}, "grant_type": {client.GrantDeviceCode}, "device_code": {deviceCode}}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, rp.issuer+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return answer{Lost: err}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(via, r)
}

// allowDevice has the person in a browser type a code and allow what the device asks for.
func (in *installation) allowDevice(t *testing.T, b *testbrowser.Browser, userCode string) {
	t.Helper()
	page := b.Get("/device")
	page.Want(t, http.StatusOK, "device-submit")
	page = b.Submit("device-submit", "user_code="+strings.ToLower(userCode))
	if page.Has("login-submit") {
		page = in.signIn(t, b, page)
	}
	page.Want(t, http.StatusOK, "consent-allow")
	if got := page.Text("device-code"); got != userCode {
		t.Errorf("the page shows the code %q", got)
	}
	b.Submit("consent-allow").Want(t, http.StatusOK, "continue")
}

// PR1, TK7: however many times and at whichever node a device polls with a code that was
// allowed, it gets tokens once, and the others do not end them.
func TestPR1_OfManyPollsOfOneDeviceCodeOneGetsTokens(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		tool := in.client("tool")
		deviceCode, userCode := tool.askDevice(t, in.http(0))
		expect(t, "a poll before anybody decided", tool.poll(in.http(1), deviceCode), http.StatusBadRequest, "authorization_pending")
		in.allowDevice(t, in.nodes[0].Browser(t), userCode)
		var won []answer
		for _, a := range atOnce(many, func(i int) answer { return tool.poll(in.http(i), deviceCode) }) {
			if a.Status == http.StatusOK {
				won = append(won, a)
				continue
			}
			expect(t, "a late poll", a, http.StatusBadRequest, "invalid_grant")
		}
		if len(won) != 1 {
			t.Fatalf("%d of %d polls got tokens", len(won), many)
		}
		must(t, tool.userinfo(in.http(1), won[0].AccessToken))
	})
}

// recipe is a code block of a document.
func recipe(t *testing.T, document, language string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/recipes/" + document)
	if err != nil {
		t.Fatal(err)
	}
	_, block, begins := strings.Cut(string(text), "```"+language+"\n")
	block, _, ends := strings.Cut(block, "```")
	if !begins || !ends {
		t.Fatalf("%s has no block of %s", document, language)
	}
	return block
}

// TestTheRecipeOfDevicesSignsIn runs the script of the document as it stands, on a machine
// whose sleep is short, and does what it tells its person.
func TestTheRecipeOfDevicesSignsIn(t *testing.T) {
	t.Parallel()
	in := &installation{}
	in.add(testenv.StartLatchkey(t, testenv.Latchkey{Config: clients}))
	folder := t.TempDir()
	script, short := filepath.Join(folder, "sign-in"), filepath.Join(folder, "sleep")
	for path, text := range map[string]string{script: recipe(t, "device.md", "sh"), short: "#!/bin/sh\nexec /bin/sleep 0.1\n"} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	shown := regexp.MustCompile(`^Open (\S+/device) and enter the code ([B-Z]{4}-[B-Z]{4})$`)
	for decision, button := range map[string]string{"allowed": "consent-allow", "denied": "consent-deny"} {
		run := exec.CommandContext(t.Context(), "/bin/sh", script)
		run.Env = append(os.Environ(), "ISSUER="+in.nodes[0].Issuer, "PATH="+folder+":"+os.Getenv("PATH"))
		said, err := run.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		var tokens strings.Builder
		run.Stdout = &tokens
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(said)
		lines.Scan()
		told := shown.FindStringSubmatch(lines.Text())
		if told == nil || told[1] != in.nodes[0].Issuer+"/device" {
			t.Fatalf("the script says %q", lines.Text())
		}
		b := in.nodes[0].Browser(t)
		b.Get("/device")
		in.signIn(t, b, b.Submit("device-submit", "user_code="+told[2])).Want(t, http.StatusOK, "consent-allow")
		b.Submit(button)
		rest, err := io.ReadAll(said)
		if err != nil {
			t.Fatal(err)
		}
		ended := run.Wait()
		var got answer
		switch {
		case decision == "denied" && (ended == nil || !strings.Contains(lines.Text()+string(rest), "the person declined")):
			t.Errorf("denied, the script ends with %v and says %q", ended, rest)
		case decision == "denied":
		case ended != nil || json.Unmarshal([]byte(tokens.String()), &got) != nil:
			t.Fatalf("allowed, the script ends with %v and prints %q, %q", ended, tokens.String(), rest)
		default:
			must(t, in.client("tool").userinfo(in.http(0), got.AccessToken))
		}
	}
}
