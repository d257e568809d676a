/* Values of the JSON that js prints (client/json.h). Each is the caller's. */
#ifndef JS_CLIENT_JSON_VALUE_H
#define JS_CLIENT_JSON_VALUE_H

#include <jansson.h>
#include <stdint.h>

#include "common/job_info.h"
#include "common/wire.h"

/* null for NULL; what is no UTF-8 is escaped (common/escape.h). */
json_t *json_value_text(const char *value);

json_t *json_value_number(uint64_t value);

/* null for 0. */
json_t *json_value_number_or_null(uint64_t value);

/* RFC 3339, null for 0. */
json_t *json_value_time(uint64_t ns);

/* {"reason":...,"code":...,"signal":...,"core":...}; null for NULL. */
json_t *json_value_end(const struct job_end *how);

/* {NAME:VALUE,...} of the job's labels; plan may be NULL. */
json_t *json_value_labels(const struct job_plan *plan);

/* An array of texts. */
json_t *json_value_strs(const struct wire_strs *words);

#endif
