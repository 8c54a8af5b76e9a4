package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// operation is one thing that the API does: the one row from which its route, its part
// of the document and its tests follow.
type operation struct {
	// id is unique, and the word for it in refusals: people.disable.
	id string
	// method and path, below [Prefix], are where it is.
	method, path string
	// scope is what it takes.
	scope string
	// does says so in a few words; more, in a sentence or two, may be empty.
	does, more string
	// status is that of a success.
	status int
	// statuses are those of failures of its own, besides what every operation has.
	statuses []int
	// body says that it takes one.
	body     bool
	register func(a *API, to huma.API, spec huma.Operation)
}

// changes reports whether the operation changes something.
func (o *operation) changes() bool { return o.method != http.MethodGet }

// row makes an operation of a handler. In and Out are structures of huma: parameters by
// their tags, and Body.
func row[In, Out any](o operation, do func(*API, context.Context, *In) (*Out, error)) operation {
	_, o.body = reflect.TypeFor[In]().FieldByName("Body")
	o.register = func(a *API, to huma.API, spec huma.Operation) {
		huma.Register(to, spec, func(ctx context.Context, in *In) (*Out, error) {
			out, err := do(a, ctx, in)
			if err != nil {
				return nil, a.problem(ctx, o.id, err)
			}
			return out, nil
		})
	}
	return o
}

// operations is the one table of what the API does.
func operations() []operation {
	return slices.Concat(
		peopleOperations(), personOperations(), lockdownOperations(), factorOperations(), accessOperations(), groupOperations(), memberOperations(),
		invitationOperations(), eventOperations(), sessionOperations(), clientOperations(), systemOperations(), systemWrites(), schemaOperations(),
	)
}

// everywhere are the statuses that every operation may answer.
var everywhere = []int{
	http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
	http.StatusServiceUnavailable,
}

// spec is what huma is told of an operation.
func (o *operation) spec(a *API) huma.Operation {
	tag, _, _ := strings.Cut(o.id, ".")
	failures := slices.Concat(everywhere, o.statuses)
	if strings.Contains(o.path, "{") {
		failures = append(failures, http.StatusNotFound)
	}
	if o.body {
		failures = append(failures, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	slices.Sort(failures)
	more := fmt.Sprintf("Takes the scope `%s`.", o.scope)
	if o.more != "" {
		more = o.more + " " + more
	}
	var parameters []*huma.Param
	if o.changes() {
		parameters = append(parameters, reasonParam())
	}
	return huma.Operation{
		OperationID: o.id, Method: o.method, Path: Prefix + o.path, Summary: o.does, Description: more, Tags: []string{tag}, Parameters: parameters,
		DefaultStatus: o.status, Errors: slices.Compact(failures), MaxBodyBytes: a.cfg.MaxBody, RejectUnknownQueryParameters: true,
		Security:    []map[string][]string{{securityScheme: {o.scope}}},
		Middlewares: huma.Middlewares{a.authorize(o)},
	}
}
