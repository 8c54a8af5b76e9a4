package config

import (
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// gatherClients makes one list of the clients of the file, of the folder that
// clients_dir names, and of those Defaults whose ids nobody took.
func (l *loader) gatherClients() error {
	clients := asList(l.viper.Get("clients"))
	if dir := l.viper.GetString("clients_dir"); dir != "" {
		more, err := l.readClientsDir(dir, len(clients))
		if err != nil {
			return err
		}
		clients = append(clients, more...)
	}
	taken := map[any]bool{}
	for _, c := range clients {
		taken[clientID(c)] = true
	}
	for _, c := range asList(l.Defaults["clients"]) {
		if !taken[clientID(c)] {
			clients = append(clients, c)
		}
	}
	l.viper.Set("clients", clients)
	return nil
}

// readClientsDir reads the files of a folder in the order of their names; the
// first client becomes clients[from].
func (l *loader) readClientsDir(dir string, from int) ([]any, error) {
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(l.folder(), dir)
	}
	l.reads(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.add("clients_dir", "cannot be read: %v", err)
		return nil, nil
	}
	var clients []any
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".yaml" && ext != ".yml" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read clients: %w", err)
		}
		clients = append(clients, l.readClients(e.Name(), text, from+len(clients))...)
	}
	return clients, nil
}

// readClients reads a file that holds one client or a list of them; the first
// becomes clients[from].
func (l *loader) readClients(name string, text []byte, from int) []any {
	r := &reader{problems: l.problems, source: name}
	n := r.parse(text)
	if n == nil {
		return nil
	}
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	client := root.field("clients").elem
	var clients []any
	for i, node := range nodes {
		clients = append(clients, r.read(node, client, indexPath("clients", from+i)))
	}
	return clients
}

func clientID(client any) any {
	m, _ := client.(map[string]any)
	return m["id"]
}
