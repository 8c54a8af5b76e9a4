package scim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxBulk is how many operations one bulk has.
const maxBulk = 100

// bulkOperation is one of a bulk (RFC 7644 section 3.7).
type bulkOperation struct {
	Method  string          `json:"method"`
	BulkID  string          `json:"bulkId"`
	Path    string          `json:"path"`
	Version string          `json:"version"`
	Data    json.RawMessage `json:"data"`
}

// bulk does operations in turn, each as it is by itself: one that fails undoes none.
func (s *Server) bulk(ctx context.Context, q *request) (*response, error) {
	var in struct {
		FailOnErrors int             `json:"failOnErrors"`
		Operations   []bulkOperation `json:"Operations"`
	}
	if err := json.Unmarshal(q.body, &in); err != nil {
		return nil, bad("invalidSyntax", "the body is not a BulkRequest")
	}
	if len(in.Operations) > maxBulk {
		return nil, &problem{http.StatusRequestEntityTooLarge, "tooLarge", fmt.Sprintf("a bulk has at most %d operations", maxBulk)}
	}
	made, failed := map[string]string{}, 0
	done := []any{}
	for i := range in.Operations {
		o := &in.Operations[i]
		o.Method = strings.ToUpper(o.Method)
		result := object{"method": o.Method}
		if o.BulkID != "" {
			result["bulkId"] = o.BulkID
		}
		answer, err := s.bulkOne(ctx, q, o, made)
		if err != nil {
			p := s.problemOf(ctx, err)
			result["status"], result["response"] = fmt.Sprint(p.status), p.document()
			failed++
		} else {
			result["status"] = fmt.Sprint(answer.status)
			if answer.location != "" {
				result["location"] = answer.location
			} else {
				result["location"] = s.base() + o.Path
			}
			if answer.etag != "" {
				result["version"] = answer.etag
			}
			if id := textOf(answer.body, "id"); id != "" && o.BulkID != "" {
				made[o.BulkID] = id
			}
		}
		done = append(done, result)
		if in.FailOnErrors > 0 && failed >= in.FailOnErrors {
			break
		}
	}
	return &response{status: http.StatusOK, body: object{"schemas": []string{bulkedURN}, "Operations": done}}, nil
}

func (s *Server) bulkOne(ctx context.Context, q *request, o *bulkOperation, made map[string]string) (*response, error) {
	if !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, o.Method) {
		return nil, bad("invalidSyntax", "a bulk has POST, PUT, PATCH and DELETE")
	}
	if o.Method == http.MethodPost && o.BulkID == "" {
		return nil, bad("invalidSyntax", "POST in a bulk has a bulkId")
	}
	path, err := resolved(o.Path, made)
	if err != nil {
		return nil, err
	}
	data := any(nil)
	if len(o.Data) > 0 {
		if err := json.Unmarshal(o.Data, &data); err != nil {
			return nil, bad("invalidSyntax", "data is not JSON")
		}
	}
	if data, err = resolvedIn(data, made); err != nil {
		return nil, err
	}
	one := *q
	one.method, one.ifMatch, one.ifNoneMatch, one.query = o.Method, o.Version, "", url.Values{}
	if one.body, err = json.Marshal(data); err != nil {
		return nil, fmt.Errorf("read bulk: %w", err)
	}
	kind, id, _ := strings.Cut(strings.Trim(path, "/"), "/")
	one.endpoint, one.id = "/"+kind, id
	return s.dispatch(ctx, &one)
}

// resolved is a text in which bulkId:… is the id of what was made before in the bulk.
func resolved(text string, made map[string]string) (string, error) {
	before, name, refers := strings.Cut(text, "bulkId:")
	if !refers {
		return text, nil
	}
	id, ok := made[name]
	if !ok {
		return "", &problem{http.StatusConflict, "invalidValue", "no operation before made what bulkId refers to"}
	}
	return before + id, nil
}

func resolvedIn(value any, made map[string]string) (any, error) {
	var err error
	switch value := value.(type) {
	case string:
		if strings.HasPrefix(value, "bulkId:") {
			return resolved(value, made)
		}
	case object:
		for name, inner := range value {
			if value[name], err = resolvedIn(inner, made); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, inner := range value {
			if value[i], err = resolvedIn(inner, made); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}
