#include "common/tty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void tty_sane(struct termios *ret)
{
    *ret = (struct termios){
        .c_iflag = ICRNL | IXON | IUTF8,
        .c_oflag = OPOST | ONLCR,
        .c_cflag = CS8 | CREAD | HUPCL,
        .c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE,
    };
    ret->c_cc[VINTR] = 'C' & 037;
    ret->c_cc[VQUIT] = '\\' & 037;
    ret->c_cc[VERASE] = 0177;
    ret->c_cc[VKILL] = 'U' & 037;
    ret->c_cc[VEOF] = 'D' & 037;
    ret->c_cc[VSTART] = 'Q' & 037;
    ret->c_cc[VSTOP] = 'S' & 037;
    ret->c_cc[VSUSP] = 'Z' & 037;
    ret->c_cc[VREPRINT] = 'R' & 037;
    ret->c_cc[VDISCARD] = 'O' & 037;
    ret->c_cc[VWERASE] = 'W' & 037;
    ret->c_cc[VLNEXT] = 'V' & 037;
    ret->c_cc[VMIN] = 1;
    cfsetispeed(ret, B38400);
    cfsetospeed(ret, B38400);
}

void tty_make_raw(struct termios *tio, bool keep_output)
{
    tcflag_t oflag = tio->c_oflag;
    cfmakeraw(tio);
    tio->c_cc[VMIN] = 1;
    tio->c_cc[VTIME] = 0;
    if (keep_output)
        tio->c_oflag = oflag;
}

bool tty_equal(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
           (a->c_cflag & ~(tcflag_t)CBAUD) == (b->c_cflag & ~(tcflag_t)CBAUD) &&
           memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

bool tty_change(int fd, const struct termios *from, const struct termios *to)
{
    struct termios now;
    return tcgetattr(fd, &now) == 0 && tty_equal(&now, from) && tcsetattr(fd, TCSANOW, to) == 0;
}

int tty_to_message(const struct termios *tio, struct msg_termios **ret)
{
    struct msg_termios *message = calloc(1, sizeof(*message));
    if (!message || wire_set_bin(&message->cc, tio->c_cc, sizeof(tio->c_cc)) < 0) {
        free(message);
        return -ENOMEM;
    }
    message->iflag = tio->c_iflag;
    message->oflag = tio->c_oflag;
    message->cflag = tio->c_cflag;
    message->lflag = tio->c_lflag;
    message->ispeed = cfgetispeed(tio);
    message->ospeed = cfgetospeed(tio);
    *ret = message;
    return 0;
}

void tty_from_message(const struct msg_termios *message, struct termios *ret)
{
    *ret = (struct termios){
        .c_iflag = message->iflag,
        .c_oflag = message->oflag,
        .c_cflag = message->cflag,
        .c_lflag = message->lflag,
    };
    size_t len = message->cc.len < sizeof(ret->c_cc) ? message->cc.len : sizeof(ret->c_cc);
    if (len > 0)
        memcpy(ret->c_cc, message->cc.data, len);
    cfsetispeed(ret, message->ispeed);
    cfsetospeed(ret, message->ospeed);
}
