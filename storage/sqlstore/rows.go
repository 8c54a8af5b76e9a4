package sqlstore

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/uptrace/bun"
)

// A row type is a struct that embeds bun.BaseModel. Its tags are the only list of
// its table's columns: what selects, inserts and scans follows from them, in the
// order of the fields, so that a column cannot be forgotten in one place or
// change places in another.
type rowType struct {
	table, alias string
	columns      []column
	// selected and stored are the columns as SELECT and INSERT list them.
	selected, stored string
}

type column struct {
	name  string
	field int
	// computed is the expression that a column is selected by which the table does
	// not have.
	computed string
}

// computer is a row type with columns that its table does not have, tagged
// scanonly. It returns the expression of one, over the type's alias.
type computer interface{ computed(column string) string }

var rowTypes sync.Map // reflect.Type -> *rowType

var baseModel = reflect.TypeFor[bun.BaseModel]()

// isRow reports whether t is a row type.
func isRow(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() > 0 && t.Field(0).Type == baseModel
}

// rowTypeOf reads the tags of a row type, once.
func rowTypeOf(t reflect.Type) *rowType {
	if known, ok := rowTypes.Load(t); ok {
		return known.(*rowType)
	}
	r := &rowType{}
	for _, option := range strings.Split(t.Field(0).Tag.Get("bun"), ",") {
		switch key, value, _ := strings.Cut(option, ":"); key {
		case "table":
			r.table = value
		case "alias":
			r.alias = value
		}
	}
	for i := 1; i < t.NumField(); i++ {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("bun"), ",")
		c := column{name: name, field: i}
		if options == "scanonly" {
			c.computed = reflect.Zero(t).Interface().(computer).computed(name)
		}
		r.columns = append(r.columns, c)
	}
	r.list()
	known, _ := rowTypes.LoadOrStore(t, r)
	return known.(*rowType)
}

// list writes the columns down once, rather than for each query.
func (r *rowType) list() {
	var selected, stored []string
	for _, c := range r.columns {
		if c.computed != "" {
			selected = append(selected, c.computed+" AS "+c.name)
			continue
		}
		selected, stored = append(selected, r.alias+"."+c.name), append(stored, c.name)
	}
	r.selected, r.stored = strings.Join(selected, ", "), strings.Join(stored, ", ")
}

// columnsOf are the columns of a row type for a SELECT from its table under its alias.
func columnsOf[T any]() string { return rowTypeOf(reflect.TypeFor[T]()).selected }

// tableColumnsOf are the names of the columns that the table of a row type has.
func tableColumnsOf[T any]() string { return rowTypeOf(reflect.TypeFor[T]()).stored }

// tableOf is the name of a row type's table.
func tableOf[T any]() string { return rowTypeOf(reflect.TypeFor[T]()).table }

// width is how many columns the table of a row type has.
func width[T any]() int {
	return strings.Count(tableColumnsOf[T](), ",") + 1
}

// insertInto is an INSERT of one row of a type, whose arguments are its [values].
func insertInto[T any]() string {
	return fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, tableOf[T](), tableColumnsOf[T](), placeholders(1, width[T]()))
}

// values are the values of a row, a pointer to a row type, in the order of its
// table's columns.
func values(row any) []any {
	v := reflect.ValueOf(row).Elem()
	r := rowTypeOf(v.Type())
	list := make([]any, 0, len(r.columns))
	for _, c := range r.columns {
		if c.computed == "" {
			list = append(list, v.Field(c.field).Interface())
		}
	}
	return list
}

// targets is where to scan to: dst, with each pointer to a row type replaced by
// pointers to its fields.
func targets(dst []any) []any {
	list := make([]any, 0, 32) // the widest statement's
	for _, d := range dst {
		v := reflect.ValueOf(d).Elem()
		if !isRow(v.Type()) {
			list = append(list, d)
			continue
		}
		for _, c := range rowTypeOf(v.Type()).columns {
			list = append(list, v.Field(c.field).Addr().Interface())
		}
	}
	return list
}

// placeholders returns "$from, …" for n values.
func placeholders(from, n int) string {
	marks := make([]string, n)
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(from+i)
	}
	return strings.Join(marks, ", ")
}

// anyOf appends the values to args and returns the list of their placeholders,
// to stand behind IN.
func anyOf[T ~string](args *[]any, list []T) string {
	from := len(*args) + 1
	for _, v := range list {
		*args = append(*args, string(v))
	}
	if len(list) == 0 {
		return "(NULL)"
	}
	return "(" + placeholders(from, len(list)) + ")"
}
