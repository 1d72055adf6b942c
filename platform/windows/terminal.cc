#include "platform/terminal.h"

#include <windows.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace hort::platform {

int terminal_width() {
    CONSOLE_SCREEN_BUFFER_INFO info{};
    if (GetConsoleScreenBufferInfo(GetStdHandle(STD_ERROR_HANDLE), &info) == 0) return 0;
    return info.srWindow.Right - info.srWindow.Left + 1;
}

bool has_colour() {
    DWORD mode = 0;
    const auto out = GetStdHandle(STD_OUTPUT_HANDLE);
    return std::getenv("NO_COLOR") == nullptr && GetConsoleMode(out, &mode) != 0 &&
           SetConsoleMode(out, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
}

std::optional<std::string> ask_secret(const std::string& question) {
    DWORD before = 0;
    const auto in = GetStdHandle(STD_INPUT_HANDLE);
    const bool is_terminal = GetConsoleMode(in, &before) != 0;
    if (is_terminal) {
        std::fprintf(stderr, "%s ", question.c_str());
        SetConsoleMode(in, before & ~static_cast<DWORD>(ENABLE_ECHO_INPUT));
    }
    std::string line;
    const bool has_line = static_cast<bool>(std::getline(std::cin, line));
    if (is_terminal) {
        SetConsoleMode(in, before);
        std::fputs("\n", stderr);
    }
    if (line.ends_with('\r')) line.pop_back();
    return has_line ? std::optional(line) : std::nullopt;
}

}  // namespace hort::platform
