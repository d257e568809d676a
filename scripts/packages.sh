# Sourced by scripts/try, scripts/check and .ci/run: the packages of Debian 12 that each of them
# needs, and the installation of those that are missing.
#
# A line: group, what shows that it is there, package. The second is a command, a pkg-config module
# (module:NAME) or a file (file:PATTERN).
package_table='
build gcc gcc
build file:/usr/include/stdio.h libc6-dev
build meson meson
build ninja ninja-build
build pkg-config pkg-config
build module:libuv libuv1-dev
build module:libtsm libtsm-dev
build module:msgpack libmsgpack-dev
build module:jansson libjansson-dev
build module:inih libinih-dev
build module:ncursesw libncurses-dev
build module:check check
test vim vim
test top procps
test script bsdutils
test jq jq
test tmux tmux
test zsh zsh
test fish fish
test mandoc mandoc
test dtach dtach
test screen screen
ci clang clang
ci clang-format clang-format
ci file:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a libclang-rt-14-dev
'

is_there() {
    case $1 in
    module:*) pkg-config --exists "${1#module:}" 2>/dev/null ;;
    file:*) ls ${1#file:} >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# The packages of the given groups that are missing, on one line.
missing_packages() {
    printf '%s\n' "$package_table" | while read -r group sign package; do
        for wanted in "$@"; do
            if [ "$group" = "$wanted" ] && ! is_there "$sign"; then
                printf '%s ' "$package"
            fi
        done
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo -n "$@" 2>/dev/null || { [ -t 0 ] && sudo "$@"; }
    else
        return 1
    fi
}

# Installs what the groups need and is missing; fails with the reason when it cannot.
install_packages() {
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "missing, and there is no apt-get here to install it: $missing" >&2
        return 1
    fi
    echo "installing: $missing"
    # shellcheck disable=SC2086 # a list of words
    if ! { as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends $missing >/dev/null; }; then
        echo "cannot install them; as root: apt-get install $missing" >&2
        return 1
    fi
    missing=$(missing_packages "$@")
    [ -z "$missing" ] || {
        echo "installed, but still not found: $missing" >&2
        return 1
    }
}

# Configures (again, when there are options) and builds in a directory: configure_and_build DIR
# [meson setup option]…
configure_and_build() {
    build_dir=$1
    shift
    if [ ! -f "$build_dir/build.ninja" ]; then
        meson setup "$build_dir" "$@"
    elif [ $# -gt 0 ]; then
        meson configure "$build_dir" "$@"
    fi && ninja -C "$build_dir"
}
