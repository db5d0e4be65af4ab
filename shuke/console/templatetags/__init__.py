"""What templates of the console may say."""
