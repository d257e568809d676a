#include "common/livevar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define BUS_PREFIX "unix:path="

const struct livevar livevars[LIVEVAR_COUNT] = {
    {"SSH_AUTH_SOCK", LIVEVAR_SOCKET},   {"SSH_CONNECTION", LIVEVAR_TOLD},
    {"DISPLAY", LIVEVAR_TOLD},           {"XAUTHORITY", LIVEVAR_FILE},
    {"WAYLAND_DISPLAY", LIVEVAR_SOCKET}, {"DBUS_SESSION_BUS_ADDRESS", LIVEVAR_BUS},
    {"KRB5CCNAME", LIVEVAR_TOLD},
};

int livevar_find(const char *entry)
{
    size_t len = strcspn(entry, "=");
    for (size_t i = 0; i < LIVEVAR_COUNT; i++)
        if (strlen(livevars[i].name) == len && memcmp(livevars[i].name, entry, len) == 0)
            return (int)i;
    return -1;
}

const char *livevar_value(const char *entry)
{
    const char *equals = strchr(entry, '=');
    return equals ? equals + 1 : NULL;
}

bool livevar_is_valid(const char *value)
{
    size_t len = 0;
    for (const unsigned char *at = (const unsigned char *)value; *at; at++)
        if (*at < ' ' || *at == 0x7f || ++len > LIVEVAR_VALUE_MAX)
            return false;
    return true;
}

static bool copy_absolute(const char *text, char *path, size_t size)
{
    return text[0] == '/' && snprintf(path, size, "%s", text) < (int)size;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    char lower = (char)(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
    const char *found = c ? strchr(digits, lower) : NULL;
    return found ? (int)(found - digits) : -1;
}

/*
 * The path in the first address (D-Bus specification, "Server Addresses": addresses are separated
 * by ';', their keys by ',', values are escaped with %XX). Clients try the addresses in order.
 */
static bool bus_path(const char *addresses, char *path, size_t size)
{
    size_t len = 0;
    if (strncmp(addresses, BUS_PREFIX, strlen(BUS_PREFIX)) != 0)
        return false;
    for (const char *at = addresses + strlen(BUS_PREFIX); *at && *at != ';' && *at != ','; at++) {
        char c = *at;
        if (c == '%') {
            int high = hex_digit(at[1]);
            int low = high < 0 ? -1 : hex_digit(at[2]);
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            at += 2;
        }
        if (c == '\0' || len + 1 >= size)
            return false;
        path[len++] = c;
    }
    path[len] = '\0';
    return path[0] == '/' && livevar_is_valid(path);
}

bool livevar_path(const struct livevar *var, const char *value, char *path, size_t size)
{
    switch (var->kind) {
    case LIVEVAR_FILE:
    case LIVEVAR_SOCKET:
        return copy_absolute(value, path, size);
    case LIVEVAR_BUS:
        return bus_path(value, path, size);
    case LIVEVAR_TOLD:
        break;
    }
    return false;
}

/* Bytes that need no escape in an address ("optionally-escaped byte" there). */
static bool is_plain_in_address(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_/.\\*", c));
}

static bool name_bus(const char *path, char *value, size_t size)
{
    size_t len = strlen(BUS_PREFIX);
    if (len >= size)
        return false;
    memcpy(value, BUS_PREFIX, len);
    for (const char *at = path; *at; at++) {
        if (len + 4 > size)
            return false;
        if (is_plain_in_address(*at))
            value[len++] = *at;
        else
            len += (size_t)sprintf(value + len, "%%%02x", (unsigned char)*at);
    }
    value[len] = '\0';
    return true;
}

bool livevar_name_path(const struct livevar *var, const char *path, char *value, size_t size)
{
    struct sockaddr_un addr;
    bool fits = strlen(path) < sizeof(addr.sun_path);
    switch (var->kind) {
    case LIVEVAR_FILE:
        return copy_absolute(path, value, size);
    case LIVEVAR_SOCKET:
        return fits && copy_absolute(path, value, size);
    case LIVEVAR_BUS:
        return fits && name_bus(path, value, size);
    case LIVEVAR_TOLD:
        break;
    }
    return false;
}
