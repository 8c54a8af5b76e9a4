package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/client"
)

func clientOperations() []operation {
	return []operation{
		row(operation{
			id: "clients.list", method: http.MethodGet, path: "/clients", scope: admin.ScopeClientsRead, status: http.StatusOK,
			does: "List the applications", more: "Those of configuration files are changed there.",
		}, (*API).listClients),
		row(operation{
			id: "clients.show", method: http.MethodGet, path: "/clients/{client}", scope: admin.ScopeClientsRead, status: http.StatusOK,
			does: "Show an application", more: "Never a secret.",
		}, (*API).showClient),
	}
}

// Client is an application.
type Client struct {
	ID     string `json:"client_id"`
	Name   string `json:"client_name,omitempty"`
	Type   string `json:"client_type"`
	Source string `json:"source" enum:"file" doc:"Where it is kept, and so changed."`
	// Metadata is a JSON object whose schema is that of RFC 7591.
	Metadata map[string]any `json:"metadata,omitempty" doc:"What is registered, in the names of RFC 7591."`
	Secrets  int            `json:"secrets" doc:"How many it has; never one of them."`
}

type clientsOutput struct{ Body Page[Client] }

func clientOf(c *client.Client) Client {
	return Client{ID: c.ID, Name: c.Name, Type: string(c.Type), Source: "file", Secrets: len(c.Secrets)}
}

// listClients answers with all of them: they are in memory, and as many as somebody
// wrote down.
func (a *API) listClients(context.Context, *struct{}) (*clientsOutput, error) {
	out := &clientsOutput{Body: Page[Client]{Items: []Client{}}}
	for _, c := range a.cfg.Clients.All() {
		out.Body.Items = append(out.Body.Items, clientOf(c))
	}
	return out, nil
}

type ClientPath struct {
	Client string `path:"client" maxLength:"255" doc:"The client_id."`
}

type clientOutput struct {
	ETag string `header:"ETag"`
	Body Client
}

func (a *API) showClient(ctx context.Context, in *ClientPath) (*clientOutput, error) {
	c, err := a.cfg.Clients.Client(ctx, in.Client)
	if err != nil {
		return nil, err
	}
	out := &clientOutput{Body: clientOf(c)}
	text, err := json.Marshal(c.Metadata)
	if err == nil {
		err = json.Unmarshal(text, &out.Body.Metadata)
	}
	if err != nil {
		return nil, fmt.Errorf("show client: %w", err)
	}
	out.ETag, err = etagOf(out.Body)
	return out, err
}
