package console

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"
)

// formats are those in which lists are downloaded, and names what people call them.
var (
	formats = []string{"csv", "json"}
	names   = map[string]string{"csv": "CSV", "json": "JSON"}
)

const (
	// atOnce is how many rows are read at once, and maxExported how many are downloaded.
	atOnce, maxExported = 200, 10_000
)

// export downloads a list as its filters have it: the records are those of the admin
// API, up to maxExported of them. Whatever fails after the first was written breaks the
// answer off, so that nobody takes a part for the whole.
func (c *Console) export(w http.ResponseWriter, r *http.Request, v *visit, p page, format string) error {
	asked, err := p.list.asked(r)
	if err != nil {
		return err
	}
	rows, next, err := p.list.read(r, c, v, asked, "", atOnce)
	if err != nil {
		return c.refused(w, r, p.path, "export list", err)
	}
	name := path.Base(r.URL.Path)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+"."+format))
	write := writeJSON(w)
	h.Set("Content-Type", "application/json")
	if format == "csv" {
		write = writeCSV(w)
		h.Set("Content-Type", "text/csv; charset=utf-8")
	}
	for written := 0; ; {
		for _, row := range rows {
			if err := write(row.record); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
		if written += len(rows); next == "" || written >= maxExported {
			break
		}
		if rows, next, err = p.list.read(r, c, v, asked, next, atOnce); err != nil {
			c.cfg.Log.ErrorContext(r.Context(), "export broke off", "list", p.path, "reason", err.Error())
			panic(http.ErrAbortHandler)
		}
	}
	if err := write(nil); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// writeJSON writes records as one array; nil ends it.
func writeJSON(w http.ResponseWriter) func(any) error {
	before := "["
	return func(record any) error {
		if record == nil {
			if before == "[" {
				before = "[]"
			} else {
				before = "\n]"
			}
			_, err := w.Write([]byte(before + "\n"))
			return err
		}
		text, err := json.Marshal(record)
		if err == nil {
			_, err = w.Write(append([]byte(before+"\n"), text...))
		}
		before = ","
		return err
	}
}

// writeCSV writes records under the names of their fields; nil ends it.
func writeCSV(w http.ResponseWriter) func(any) error {
	out, first := csv.NewWriter(w), true
	return func(record any) error {
		if record == nil {
			out.Flush()
			return out.Error()
		}
		columns, values := flat(record)
		if first {
			first = false
			if err := out.Write(columns); err != nil {
				return err
			}
		}
		return out.Write(values)
	}
}

// flat is a record as columns: its fields by their names in JSON, a list as its items with
// spaces between, and anything deeper as JSON.
func flat(record any) (columns, values []string) {
	v := reflect.Indirect(reflect.ValueOf(record))
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		columns, values = append(columns, name), append(values, plain(v.Field(i).Interface()))
	}
	return columns, values
}

// plain is a value as a cell of a spreadsheet has it.
func plain(value any) string {
	switch value := value.(type) {
	case string:
		return unformula(value)
	case []string:
		return unformula(strings.Join(value, " "))
	case time.Time:
		return value.Format(time.RFC3339)
	case *time.Time:
		if value == nil {
			return ""
		}
		return value.Format(time.RFC3339)
	case bool, int, int64, float64:
		return fmt.Sprint(value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return unformula(string(text))
}

// unformula keeps a spreadsheet from running what people call themselves (CSV
// injection): a text that begins like a formula begins with an apostrophe instead.
func unformula(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
