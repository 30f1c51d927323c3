package page

import "context"

// termsText is the operator's text, or the catalogue's for "${key}".
func termsText(ctx context.Context, text string) string {
	if key, ok := catalogueKey(text); ok {
		return SayText(ctx, key)
	}
	return visible(text)
}

// profileInput is the field of a user profile's attribute.
func profileInput(label string, f ProfileField, focus bool, err *FieldError) field {
	in := field{
		name: f.Name, label: label, value: f.Value, autocomplete: f.Autocomplete, maxlength: 255,
		optional: !f.Required && !f.ReadOnly, readonly: f.ReadOnly, focus: focus, err: err,
	}
	if f.Name == "email" {
		in.kind, in.ltr, in.maxlength = "email", true, 254
	}
	return in
}

// firstOpen is the index of the first field that can be filled in.
func firstOpen(fields []ProfileField) int {
	for i, f := range fields {
		if !f.ReadOnly {
			return i
		}
	}
	return -1
}
