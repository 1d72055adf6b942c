#include "platform/executable.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "platform/mapped_file.h"
#include "platform/program.h"

namespace hort::platform {
namespace {

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

TEST(ExecutableTest, ThisProgramHasALoader) {
    const auto text = read_file(own_program(), 1 << 30);
    ASSERT_TRUE(text);
    const auto head = read_executable(bytes_of(text->substr(0, 64 << 10)));
    EXPECT_TRUE(head.is_elf);
    EXPECT_TRUE(head.is_dynamic);
}

TEST(ExecutableTest, TheBuildIdIsFoundBehindOtherNotes) {
    const auto text = read_file("/bin/echo", 1 << 20);
    ASSERT_TRUE(text);
    const auto head = read_executable(bytes_of(*text));
    ASSERT_EQ(head.build_id.size(), 20u);
    auto changed = bytes_of(*text);
    changed.push_back(0);
    EXPECT_EQ(read_executable(changed).build_id, head.build_id);
}

TEST(ExecutableTest, TheLoaderIsNoProgramOfItsOwn) {
    const auto text = read_file("/lib64/ld-linux-x86-64.so.2", 1 << 20);
    ASSERT_TRUE(text);
    const auto whole = bytes_of(*text);
    const auto head = read_executable(std::span(whole).first(64 << 10));
    EXPECT_TRUE(head.is_shared);
    ASSERT_LE(head.dynamic_offset + head.dynamic_size, whole.size());
    EXPECT_FALSE(is_said_to_be_program(std::span(whole).subspan(head.dynamic_offset, head.dynamic_size), head.is_64));
    EXPECT_FALSE(read_executable(bytes_of(*read_file("/bin/echo", 1 << 20))).is_shared);
}

// What "-static-pie" makes.
TEST(ExecutableTest, AProgramThatNeedsNoLoaderSaysSo) {
    const Elf64_Dyn section[] = {{DT_DEBUG, {0}}, {DT_FLAGS_1, {DF_1_NOW | DF_1_PIE}}, {DT_NULL, {0}}};
    std::vector<std::uint8_t> octets(sizeof section);
    std::memcpy(octets.data(), section, sizeof section);
    EXPECT_TRUE(is_said_to_be_program(octets, true));
    EXPECT_FALSE(is_said_to_be_program(std::span(octets).first(sizeof section[0]), true));
    EXPECT_FALSE(is_said_to_be_program({}, false));
}

TEST(ExecutableTest, WhatIsNoneOrIsCutSaysNothing) {
    EXPECT_FALSE(read_executable({}).is_elf);
    EXPECT_FALSE(read_executable(bytes_of("#!/bin/sh\n")).is_elf);
    const auto whole = bytes_of(*read_file("/bin/echo", 1 << 20));
    for (std::size_t size = 0; size < 2048; ++size) (void)read_executable(std::span(whole).first(size));
    auto far = whole;
    const std::uint64_t offset = UINT64_MAX - 8;
    std::memcpy(far.data() + offsetof(Elf64_Ehdr, e_phoff), &offset, sizeof offset);
    EXPECT_FALSE(read_executable(far).is_dynamic);
}

}  // namespace
}  // namespace hort::platform
