// dns_echo PORT: answers every question at 127.0.0.1:PORT with A 0.0.0.0, the size of a blocked answer, and does
// nothing else. What a server of UDP costs on this machine before it does any work.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { batch = 64, header_size = 12, packet_size = 1024, receive_size = 512 };

static const unsigned char record[] = {0xc0, header_size, 0, 1, 0, 1, 0, 0, 0, 10, 0, 4, 0, 0, 0, 0};

// Turns the question in `packet` into its answer; 0 for what is no question.
static size_t answer(unsigned char* packet, size_t size) {
    size_t end = header_size;
    while (end < size && packet[end] != 0) end += packet[end] + 1u;
    end += 5;  // the root label, type and class
    if (end > size) return 0;
    packet[2] |= 0x80;  // QR
    packet[3] = 0x80;   // RA
    memset(packet + 6, 0, 6);
    packet[7] = 1;  // one answer
    memcpy(packet + end, record, sizeof record);
    return end + sizeof record;
}

int main(int count, char** words) {
    if (count != 2) return fprintf(stderr, "usage: dns_echo PORT\n"), 2;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0), buffer = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1]))};
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr*)&own, sizeof own) != 0) return perror("dns_echo: bind"), 1;

    static unsigned char packets[batch][packet_size];
    struct sockaddr_in from[batch];
    struct iovec parts[batch];
    struct mmsghdr messages[batch];
    for (;;) {
        for (int i = 0; i < batch; ++i) {
            parts[i] = (struct iovec){packets[i], receive_size};
            messages[i].msg_hdr = (struct msghdr){
                .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1};
        }
        const int received = recvmmsg(fd, messages, batch, MSG_WAITFORONE, NULL);
        int ready = 0;
        for (int i = 0; i < received; ++i) {
            const size_t size = answer(packets[i], messages[i].msg_len);
            if (size == 0) continue;
            parts[i].iov_len = size;
            messages[ready++] = messages[i];
        }
        for (int sent = 0; sent < ready;) {
            const int done = sendmmsg(fd, messages + sent, (unsigned)(ready - sent), 0);
            sent += done > 0 ? done : 1;
        }
    }
}
