package test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The example of several nodes is one that goes on by itself: what ends is started
// again, Redis keeps what it has on disk and forgets nothing before its time, names of
// nodes are resolved anew, and metrics are reached from inside alone.
func TestTheComposeFileGoesOnByItself(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var file struct {
		Services map[string]struct {
			Restart, Build, Image any
			Command               []string
			Volumes, Networks     []string
			Ports                 []string
		}
		Networks map[string]struct{ Internal bool }
	}
	if err := yaml.Unmarshal([]byte(read("../docker-compose.yml")), &file); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postgres", "redis", "latchkey-1", "latchkey-2", "proxy"} {
		if file.Services[name].Restart != "unless-stopped" {
			t.Errorf("%s is not started again when it ends: %v", name, file.Services[name].Restart)
		}
		if len(file.Services[name].Ports) > 0 != (name == "proxy") {
			t.Errorf("%s has ports %v", name, file.Services[name].Ports)
		}
	}
	redis := file.Services["redis"]
	if command := strings.Join(redis.Command, " "); !strings.Contains(command, "--appendonly yes") || !strings.Contains(command, "--maxmemory-policy noeviction") {
		t.Errorf("redis runs as %q", command)
	}
	if len(redis.Volumes) == 0 || !strings.HasSuffix(redis.Volumes[0], ":/data") {
		t.Errorf("redis keeps nothing: %v", redis.Volumes)
	}
	if !file.Networks["backend"].Internal {
		t.Error("the network of stores and metrics is not internal")
	}
	if nginx := read("../deploy/compose/nginx.conf"); !regexp.MustCompile(`(?m)^\s*(resolver 127\.0\.0\.11|server latchkey-1\S* resolve)`).MatchString(nginx) {
		t.Error("the proxy resolves names once")
	}
	if config := read("../deploy/compose/latchkey.yaml"); !regexp.MustCompile(`(?s)metrics:.*listen: "?(0\.0\.0\.0)?:9090`).MatchString(config) {
		t.Error("metrics are not reached from inside")
	}
}
