DROP INDEX follower_marked_since;
DROP INDEX report_sender_tag;
